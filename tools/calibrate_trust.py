"""Make trust read as the probability that a joint is right.

python tools/calibrate_trust.py CONFIG CHECKPOINT --ann FILE --out NEW.pth

A monotone map is fitted on annotated persons that the network was not
trained on, and kept in the checkpoint; it replaces one that is there. The
table shows, on other persons, what it changes: by default those of the
config's validation. Calibrated is what prediction puts out with the config's
test_cfg (the mean of both views, with flip test), for joints within
--dist-thr.
"""

import argparse
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import self_verify_pose.compat  # noqa: F401, isort: skip

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from torch import nn

from self_verify_pose.constants import TRUST
from self_verify_pose.datasets.coco_instances import build_split
from self_verify_pose.datasets.split_check import check_disjoint
from self_verify_pose.datasets.trust_cache.files import file_sha256, replacing
from self_verify_pose.engine.checkpoint import (
    TRUST_PREFIX,
    load_estimator,
    read_checkpoint,
    state_dict_of,
)
from self_verify_pose.engine.evaluation import evaluate_dataset, joint_scores
from self_verify_pose.metrics.functional import auroc, brier, ece, ece_mass
from self_verify_pose.models.heads.calibration import (
    Method,
    TrustCalibration,
    fit,
    identity_map,
)
from self_verify_pose.tools.command_line import add_judging_options

_BINS = 15
_ROWS = {
    f'ECE, {_BINS} bins of equal width': lambda s, c: ece(s, c, _BINS),
    f'ECE, {_BINS} bins of equal count': lambda s, c: ece_mass(s, c, _BINS),
    'Brier': brier,
    'AUROC': auroc,
    'mean trust': lambda s, c: float(np.mean(s)),
    'share of right joints': lambda s, c: float(np.mean(c)),
}


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add('config')
    add('checkpoint', help='with a trained trust head; it is not changed')
    add('--out', type=Path, required=True, help='checkpoint to make')
    add('--method', choices=get_args(Method), default='temperature')
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        '--split', choices=('val', 'test'), help="fit on the config's split"
    )
    source.add_argument('--ann', type=Path, help='fit on a COCO-format file')
    add('--images', type=Path, help='its images (images/ beside it)')
    report = parser.add_mutually_exclusive_group()
    report.add_argument(
        '--report-split', choices=('val', 'test'), default='val'
    )
    report.add_argument('--report-ann', type=Path)
    add('--report-images', type=Path)
    add_judging_options(parser)
    args = parser.parse_args(argv)
    for flag in ('images', 'report_images'):
        ann = flag.replace('images', 'ann')
        if getattr(args, flag) and not getattr(args, ann):
            parser.error(
                f'--{flag.replace("_", "-")}: expected '
                f'--{ann.replace("_", "-")} with it, found none; give both'
            )
    return args


def build_datasets(
    args: argparse.Namespace, config: Config
) -> tuple[BaseDataset, BaseDataset]:
    """Build what is fitted to and what is reported on; refuse the same."""
    fitted = build_split(
        config, args.split or 'val', args.ann, args.images, args.max_samples
    )
    reported = build_split(
        config,
        args.report_split,
        args.report_ann,
        args.report_images,
        args.max_samples,
    )
    check_disjoint(fitted, reported)
    return fitted, reported


def predict(
    model: nn.Module,
    datasets: Sequence[BaseDataset],
    args: argparse.Namespace,
    console: Console,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return trust and correctness of the joints of each data set."""
    found = []
    with Progress(console=console) as bar:
        total = sum(map(len, datasets))
        task = bar.add_task('predicting', total=total)
        for dataset in datasets:
            metrics = evaluate_dataset(
                model,
                dataset,
                [TRUST],
                args.dist_thr,
                args.batch_size,
                args.workers,
                lambda count: bar.advance(task, count),
            )
            found.append(joint_scores(metrics[TRUST]))
    return found


def comparison(
    before: np.ndarray, after: np.ndarray, right: np.ndarray, title: str
) -> Table:
    """Show figures before and after calibration."""
    table = Table(title=title, title_justify='left')
    table.add_column('')
    table.add_column('before', justify='right')
    table.add_column('after', justify='right')
    for name, figure in _ROWS.items():
        values = (figure(before, right), figure(after, right))
        table.add_row(name, *(f'{value:.3f}' for value in values))
    return table


def calibrated_checkpoint(
    checkpoint: dict[str, Any], calibration: TrustCalibration, about: dict
) -> dict[str, Any]:
    """Put the map, and what it was fitted on, into a checkpoint."""
    prefix = f'{TRUST_PREFIX}calibration.'
    state_dict_of(checkpoint).update(calibration.state_dict(prefix=prefix))
    averaged = checkpoint.get('ema_state_dict')
    if averaged is not None:
        prefix = f'module.{prefix}'
        averaged.update(calibration.state_dict(prefix=prefix))
    if 'meta' in checkpoint:
        checkpoint['meta']['trust_calibration'] = about
    return checkpoint


def check_out(args: argparse.Namespace) -> None:
    """Refuse to write over anything, before any work is done."""
    if args.out.exists():
        raise FileExistsError(
            f'--out: expected no file, found {args.out}; give another name'
        )
    if not args.out.parent.is_dir():
        raise FileNotFoundError(
            f'--out: expected the folder {args.out.parent}, found nothing '
            'there; make it'
        )


def calibrate(args: argparse.Namespace, console: Console) -> None:
    """Fit, report and save."""
    check_out(args)
    init_default_scope('mmpose')
    config = Config.fromfile(args.config)
    config.merge_from_dict(args.cfg_options)
    checkpoint = read_checkpoint(args.checkpoint)
    model = load_estimator(
        config,
        state_dict_of(checkpoint),
        args.checkpoint,
        trust=True,
        device=args.device,
    )
    calibration = model.trust_head.calibration
    calibration.set(identity_map())
    fitted, reported = build_datasets(args, config)
    known, held_out = predict(model, (fitted, reported), args, console)
    calibration = calibration.cpu()
    calibration.set(fit(*known, args.method))
    before, right = held_out
    after = calibration(torch.from_numpy(before)).double().numpy()
    for verb, dataset, (trust, _) in (
        ('fitted', fitted, known),
        ('shown', reported, held_out),
    ):
        console.print(f'{verb} on {trust.size} joints: {dataset.ann_file}')
    console.print(comparison(before, after, right, args.method))
    about = {
        'method': args.method,
        'dist_thr': args.dist_thr,
        'joints': int(known[0].size),
        'annotation_sha256': file_sha256(fitted.ann_file),
    }
    # in memory first: torch gives no reason where a disk is full
    content = io.BytesIO()
    torch.save(calibrated_checkpoint(checkpoint, calibration, about), content)
    with replacing(args.out) as file:
        file.write(content.getbuffer())
    console.print(f'calibrated checkpoint: {args.out}')


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool; wrong input and a full disk are one line, and 1."""
    args = parse_arguments(argv)
    try:
        calibrate(args, Console())
    except (KeyError, OSError, TypeError, ValueError) as error:
        print(f'{Path(__file__).name}: {error}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
