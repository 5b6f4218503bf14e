"""Compare everything that could tell right joints from wrong ones.

python tools/compare_trust.py --train ROOT... --calib ROOT --eval ROOT...
    --checkpoint FILE --out DIR [--pose-epochs N]

Trains what is needed and skips what exists: the pose network further (with
--pose-epochs), then trust heads on what it was seen to say about the training
images, calibrated on those of --calib. Writes a table per evaluation set to
results.md, and results.json. A root is in the layout of COCO (train2017 is
used by --train and --calib, val2017 by --eval) or holds annotations.json and
images/.
"""

import argparse
import copy
import json
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import self_verify_pose.compat  # noqa: F401, isort: skip

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.progress import Progress

from self_verify_pose.datasets.trust_cache.files import file_sha256
from self_verify_pose.engine.checkpoint import (
    TRUST_PREFIX,
    load_estimator,
    read_state_dict,
)
from self_verify_pose.metrics.evaluation.report.write import (
    evaluation_as_dict as figures_of,
)
from self_verify_pose.metrics.json_values import to_json_values
from self_verify_pose.models.heads.calibration import fit
from self_verify_pose.models.heads.trust_features import TrustFeatures
from self_verify_pose.models.kinematics.bone_lengths import bone_scores
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.tools.benchmark.timing import Plan, alternate
from self_verify_pose.tools.command_line import add_device_option, at_least
from self_verify_pose.tools.study import train_heads as lessons
from self_verify_pose.tools.study.baselines import (
    LEARNERS,
    describe_joints,
    fit_learner,
)
from self_verify_pose.tools.study.extract_features import (
    ExtractionConfig,
    Tensors,
    evaluation_input,
    extract_features,
    kept,
)
from self_verify_pose.tools.study.image_sets import (
    ImageSet,
    check_disjoint_sets,
    find_set,
    plain_crops,
)
from self_verify_pose.tools.study.tables import (
    RAW,
    ScoreCost,
    check_table,
    checks_of,
    evaluate_set,
    pose_accuracy,
    score_table,
)
from self_verify_pose.tools.study.train_heads import HeadVariant
from self_verify_pose.tools.study.train_pose import BASELINE, train_pose

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
SELFVERIFY = 'selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py'

# columns of the head's numbers, see TrustFeatures
_MASSES = (*range(5, 11), *range(16, 22))
_SCORES = (*range(5), *range(11, 16))
_PLACES = tuple(range(22, 27))

HEADS = {
    'TrustHead on rotation consistency': HeadVariant(
        lessons.on_rotation, False
    ),
    'TrustHead on solvability': HeadVariant(lessons.on_solvability, False),
    'TrustHead on unified': HeadVariant(lessons.on_unified, False),
    'TrustHead on hard views, decay': HeadVariant(
        partial(lessons.on_hard_views, target='decay'), False
    ),
    'TrustHead on hard views, agreement': HeadVariant(
        partial(lessons.on_hard_views, target='agreement'), False
    ),
    'TrustHead on hard views, self-estimate': HeadVariant(
        partial(lessons.on_hard_views, target='self_estimate'), False
    ),
    'TrustHead on true correctness': HeadVariant(lessons.on_annotation, True),
    'TrustHead on the mixture': HeadVariant(lessons.on_mixture, True),
}
ABLATIONS = {
    'without hard views': HeadVariant(lessons.on_easy_annotation, True),
    'without features': HeadVariant(
        lessons.on_annotation, True, {'levels': ()}
    ),
    'without the first level': HeadVariant(
        lessons.on_annotation, True, {'levels': (1,)}
    ),
    'without the second level': HeadVariant(
        lessons.on_annotation, True, {'levels': (0,)}
    ),
    'with the last level, too': HeadVariant(
        lessons.on_annotation, True, {'levels': (0, 1, 2)}
    ),
    'without attention between joints': HeadVariant(
        lessons.on_annotation, True, {'mix_joints': False}
    ),
    'without mass within shares of the size': HeadVariant(
        lessons.on_annotation, True, hide=_MASSES
    ),
    'without the other SimCC statistics': HeadVariant(
        lessons.on_annotation, True, hide=_SCORES
    ),
    'without place and size': HeadVariant(
        lessons.on_annotation, True, hide=_PLACES
    ),
}
ROWS = {**HEADS, **ABLATIONS}
FULL = 'TrustHead on true correctness'  # what the ablations take from


def parse_arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], allow_abbrev=False
    )
    add = parser.add_argument
    add('--train', nargs='+', type=Path, required=True, metavar='ROOT')
    add('--calib', nargs='+', type=Path, required=True, metavar='ROOT')
    add('--eval', nargs='+', type=Path, required=True, metavar='ROOT')
    add('--checkpoint', required=True, help='RTMPose weights to start from')
    add('--out', type=Path, required=True, help='folder of the comparison')
    add('--config', type=Path, default=CONFIGS / SELFVERIFY)
    add('--pose-epochs', type=at_least(0), default=0, help='(%(default)s)')
    add('--pose-lr', type=float, default=2.5e-4, help='(%(default)s)')
    add('--head-epochs', type=at_least(1), default=6, help='(%(default)s)')
    add('--hard-views', type=at_least(1), default=3, help='(%(default)s)')
    add('--bootstrap', type=int, default=200, help='(%(default)s)')
    add('--seed', type=int, default=0, help='(%(default)s)')
    add('--workers', type=at_least(0), default=1, help='loaders (%(default)s)')
    add_device_option(parser)
    return parser.parse_args(argv)


class TrustComparison:
    """What is compared, with everything that several rows share.

    Args:
        args: The command line.
        console: Where progress goes.
    """

    def __init__(self, args: argparse.Namespace, console: Console) -> None:
        self.args, self.console = args, console
        self.train = [find_set(root, 'train') for root in args.train]
        self.calib = [find_set(root, 'train') for root in args.calib]
        self.eval = [find_set(root, 'val') for root in args.eval]
        check_disjoint_sets(self.train + self.calib, self.eval)
        check_disjoint_sets(self.train, self.calib)
        init_default_scope('mmpose')
        read_state_dict(args.checkpoint)
        self.checkpoint = self._pose_checkpoint()
        self.model = self._build_model()
        self.folder = args.out / file_sha256(self.checkpoint)[:12]
        self.channels = list(self.model.trust_head.in_channels)
        self.joints = self.model.head.out_channels

    def _pose_checkpoint(self) -> str:
        args = self.args
        if not args.pose_epochs:
            return args.checkpoint
        with self.console.status('training the pose network'):
            return str(
                train_pose(
                    Config.fromfile(CONFIGS / BASELINE),
                    self.train,
                    args.checkpoint,
                    args.pose_epochs,
                    args.pose_lr,
                    args.out / 'pose',
                    args.workers,
                )
            )

    def _build_model(self) -> SelfVerifyTopdown:
        config = Config.fromfile(self.args.config)
        # the heads of the comparison read every map there is
        config.model.backbone.init_cfg = None
        config.model.trust_head.levels = (0, 1, 2)
        self.config = config
        state = {
            name: weight
            for name, weight in read_state_dict(self.checkpoint).items()
            if not name.startswith(TRUST_PREFIX)
        }
        model = load_estimator(
            config,
            state,
            self.checkpoint,
            trust=False,
            device=self.args.device,
        )
        return model.to(memory_format=torch.channels_last)

    def look(
        self, sets: list[ImageSet], name: str, look: ExtractionConfig
    ) -> Tensors:
        """Return what the pose network says about some sets."""

        def make() -> Tensors:
            dataset = plain_crops(self.config, sets)
            with Progress(console=self.console) as progress:
                task = progress.add_task(name, total=len(dataset))
                return extract_features(
                    self.model,
                    dataset,
                    look,
                    lambda count: progress.advance(task, count),
                )

        return kept(self.folder / f'{name}.pt', make)

    def head(
        self, name: str, row: HeadVariant, train: Tensors, calib: Tensors
    ):
        """Return a trained and calibrated head and what it sees."""

        def view(evidence: torch.Tensor) -> torch.Tensor:
            return lessons.shown(evidence, self.channels, self.joints, row)

        path = self.folder / 'heads' / f'{name.replace(" ", "_")}.pth'
        torch.manual_seed(self.args.seed)
        head = lessons.build_head(self.channels, self.joints, row)
        if path.exists():
            head.load_state_dict(torch.load(path, weights_only=True))
            return head.eval(), view
        begin = time.perf_counter()
        lessons.train_head(
            head, row.teach(train), view, self.args.head_epochs, self.args.seed
        )
        known = calib['known'][:, 0].numpy()
        trust = lessons.predict(head, calib['evidence'][:, 0], view)
        right = calib['right'][:, 0].numpy()
        try:
            knots = fit(trust[known], right[known], 'temperature')
            head.calibration.set(knots)
        except ValueError as error:  # a head that learned the wrong order
            self.console.print(f'{name}: not calibrated: {error}')
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(head.state_dict(), path)
        seconds = time.perf_counter() - begin
        self.console.print(f'{name}: trained in {seconds:.0f} s')
        return head, view


def free_scores(found: Tensors) -> tuple[dict, dict[str, ScoreCost]]:
    """Return what needs no learning: scores of a set and what they cost."""
    points = found['keypoints'].double().numpy()
    rows = {
        RAW: (found['simcc_minimum'], 0),
        'raw score, mean of the axes': (found['simcc_mean'], 0),
        'peak of softmax(10·logits)': (found['simcc_peak'], 0),
        'entropy of softmax(10·logits)': (found['simcc_certainty'], 0),
        'expected correctness': (found['simcc_expected'], 0),
        'mirrored view': (found['flip'], 1),
        'views turned by ±20°': (found['turns'], 2),
        'mirrored and turned views': ((found['flip'] + found['turns']) / 2, 3),
        'bone lengths': (bone_scores(points), 0),
        'FK teacher': (found['fk_trust'], 0),
        'free teacher, solvability': (found['free_solvability'], 0),
        'free teacher, unified': (found['free_trust'], 0),
    }
    scores = {k: np.nan_to_num(np.asarray(v)) for k, (v, _) in rows.items()}
    return scores, {
        k: ScoreCost('none', passes) for k, (_, passes) in rows.items()
    }


def fitted_scores(
    comparison: TrustComparison, train: Tensors, sets: dict[str, Tensors]
) -> dict[str, dict[str, np.ndarray]]:
    """Fit classical learners on labels; return their scores of each set."""

    def described(evidence: torch.Tensor) -> np.ndarray:
        channels = sum(comparison.channels)
        return describe_joints(
            TrustFeatures.unpacked(evidence, channels, comparison.joints)
        )

    inputs = np.concatenate(
        [described(part) for part in train['evidence'].unbind(1)]
    )
    right = train['right'].transpose(0, 1).flatten(0, 1).numpy()
    known = train['known'].transpose(0, 1).flatten(0, 1).numpy()
    scores: dict[str, dict[str, np.ndarray]] = {name: {} for name in sets}
    for learner in LEARNERS:
        predict = fit_learner(
            learner, inputs, right, known, comparison.args.seed
        )
        for name, found in sets.items():
            rows = described(found['evidence'][:, 0])
            scores[name][learner] = predict(rows)
    return scores


def head_cost(comparison: TrustComparison, head, view, found: Tensors) -> dict:
    """Return the size of a head and its share of the inference time."""
    device = torch.device(comparison.args.device)
    crops = torch.rand(32, 3, 256, 192, device=device)
    rows = view(found['evidence'][:32, 0]).to(device)
    head = copy.deepcopy(head).to(device)
    with torch.no_grad():
        timed = alternate(
            lambda: head.judge_packed(rows),
            lambda: comparison.model.view(crops),
            Plan(repeats=8, warmup=1),
            device,
        ).details()
    both = timed['seconds'] + timed['baseline seconds']
    return {
        'parameters': sum(p.numel() for p in head.parameters()),
        'share_of_time': timed['seconds'] / both,
    }


def compare(args: argparse.Namespace, console: Console) -> str:
    """Run the comparison.

    Args:
        args: The command line.
        console: Where progress goes.

    Returns:
        The report in Markdown.
    """
    comparison = TrustComparison(args, console)
    train = comparison.look(
        comparison.train,
        'train',
        ExtractionConfig(
            args.hard_views, workers=args.workers, seed=args.seed
        ),
    )
    calib = comparison.look(
        comparison.calib,
        'calib',
        ExtractionConfig(workers=args.workers, seed=args.seed),
    )
    closer = ExtractionConfig(
        test_time=True, workers=args.workers, seed=args.seed
    )
    sets = {
        one.name: comparison.look([one], one.name.replace(' ', '_'), closer)
        for one in comparison.eval
    }
    fitted = fitted_scores(comparison, train, sets)
    judges = {
        name: comparison.head(name, row, train, calib)
        for name, row in ROWS.items()
    }
    cost = head_cost(comparison, *judges[FULL], train)
    text = [
        '# Trust compared',
        f'Pose network: `{Path(comparison.checkpoint).name}`. Heads: '
        f'{cost["parameters"]:,} parameters, {cost["share_of_time"]:.1%} of '
        'the inference time.',
    ]
    results = {'checkpoint': comparison.checkpoint, 'head': cost, 'sets': {}}
    for images in comparison.eval:
        name = images.name
        found, plain = judge_set(
            args, images, sets[name], fitted[name], judges
        )
        text += found
        results['sets'][name] = plain
    args.out.mkdir(parents=True, exist_ok=True)
    report = '\n\n'.join(text) + '\n'
    (args.out / 'results.md').write_text(report)
    results = to_json_values(results)
    (args.out / 'results.json').write_text(
        json.dumps(results, indent=1, allow_nan=False) + '\n'
    )
    return report


def judge_set(
    args: argparse.Namespace,
    images: ImageSet,
    found: Tensors,
    fitted: dict[str, np.ndarray],
    judges: dict[str, tuple],
) -> tuple[list[str], dict]:
    """Judge everything on one evaluation set.

    Args:
        args: The command line.
        images: The set.
        found: What the pose network says about it.
        fitted: Scores of the classical learners.
        judges: Trust heads and what each of them sees.

    Returns:
        The paragraphs of the report, and the figures for the JSON file.
    """
    scores, kinds = free_scores(found)
    for name, row in fitted.items():
        scores[name], kinds[name] = row, ScoreCost('right or wrong', 0)
    for name, (head, view) in judges.items():
        scores[name] = lessons.predict(head, found['evidence'][:, 0], view)
        needs = 'right or wrong' if ROWS[name].labels else 'none'
        kinds[name] = ScoreCost(needs, 0)
    joints = evaluation_input(found, scores)
    evaluation = evaluate_set(joints, args.bootstrap, args.seed)
    pose = pose_accuracy(images, joints, scores[RAW])
    main_kinds = {k: v for k, v in kinds.items() if k not in ABLATIONS}
    checks = checks_of(
        evaluation, main_kinds, {k: r.labels for k, r in HEADS.items()}
    )
    ablated = {k: kinds[k] for k in (FULL, *ABLATIONS)}
    accuracy = ', '.join(f'{k} {v:.3f}' for k, v in pose.items())
    text = [
        f'## {images.name}',
        f'{evaluation.num_persons} persons, {evaluation.num_joints} '
        f'labeled joints; pose: {accuracy}. In brackets: 95 % of '
        f'{args.bootstrap} draws of images.',
        score_table(evaluation, main_kinds),
        check_table(checks),
        'The head on true correctness, each ingredient out:',
        score_table(evaluation, ablated),
    ]
    return text, {**figures_of(evaluation), 'pose': pose, 'checks': checks}


def main() -> int:
    """Compare, and say where the results are."""
    args = parse_arguments()
    console = Console()
    try:
        report = compare(args, console)
    except (FileNotFoundError, ValueError) as error:
        Console(stderr=True).print(f'compare_trust.py: {error}', style='red')
        return 2
    console.print(report, markup=False, soft_wrap=True)
    console.print(f'{args.out / "results.md"}, {args.out / "results.json"}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
