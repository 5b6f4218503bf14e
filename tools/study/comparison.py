"""Comparison of everything that could tell correct from wrong keypoints."""

import argparse
import copy
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from self_verify_pose.datasets.trust_cache.files import file_sha256
from self_verify_pose.engine.checkpoint import (
    TRUST_PREFIX,
    load_estimator,
    read_state_dict,
)
from self_verify_pose.metrics.evaluation.report.write import (
    evaluation_as_dict,
)
from self_verify_pose.metrics.evaluation.statistics.evaluate import (
    evaluate_scores,
)
from self_verify_pose.metrics.json_values import to_json_values
from self_verify_pose.models.heads.calibration import fit_calibration
from self_verify_pose.models.heads.trust_head import TrustHead
from self_verify_pose.models.kinematics.bone_lengths import bone_scores
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.tools.benchmark.timing import Plan, alternate
from self_verify_pose.tools.study.baselines import (
    LEARNERS,
    Learned,
    describe_joints,
    fit_learner,
)
from self_verify_pose.tools.study.extract_features import (
    ExtractionConfig,
    Tensors,
    evaluation_input,
    extract_features,
    load_or_make,
)
from self_verify_pose.tools.study.image_sets import (
    ImageSet,
    check_disjoint_sets,
    find_set,
    plain_crops,
)
from self_verify_pose.tools.study.tables import (
    RAW,
    Score,
    check_table,
    checks_of,
    pose_accuracy,
    score_table,
)
from self_verify_pose.tools.study.train_heads import (
    HeadVariant,
    predict,
    train_head,
    unpack,
)
from self_verify_pose.tools.study.train_pose import BASELINE, train_pose
from self_verify_pose.tools.study.variants import (
    ABLATIONS,
    FULL,
    HEADS,
    VARIANTS,
)

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
SELFVERIFY = 'selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py'
_LEVELS = (0, 1, 2)  # the variants read some of all feature maps

ANNOTATED = 'correct or wrong'  # the labels that some scores need

Select = Callable[[Tensor], Tensor]


class TrustComparison:
    """A comparison, with everything that several of its rows share.

    Args:
        args: The command line of ``compare_trust.py``.
        console: Output for progress.
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
        assert self.model.trust_head is not None
        self.channels = list(self.model.trust_head.in_channels)

    def _pose_checkpoint(self) -> str:
        args = self.args
        if not args.pose_epochs:
            return str(args.checkpoint)
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
        config.model.backbone.init_cfg = None
        config.model.trust_head.levels = _LEVELS
        self.config = config
        state = {
            name: weight
            for name, weight in read_state_dict(self.checkpoint).items()
            if not name.startswith(TRUST_PREFIX)
        }
        path, device = self.checkpoint, self.args.device
        model = load_estimator(config, state, path, False, device)
        assert isinstance(model, SelfVerifyTopdown)
        model.to(memory_format=torch.channels_last)
        return model

    def extract(
        self, sets: list[ImageSet], name: str, views: ExtractionConfig
    ) -> Tensors:
        """Extract features of some sets, or read them from disk.

        Args:
            sets: The sets.
            name: Name of the file and of the progress bar.
            views: Views to extract.

        Returns:
            See ``extract_features``.
        """

        def make() -> Tensors:
            dataset = plain_crops(self.config, sets)
            with Progress(console=self.console) as progress:
                task = progress.add_task(name, total=len(dataset))
                return extract_features(
                    self.model,
                    dataset,
                    views,
                    lambda count: progress.advance(task, count),
                )

        return load_or_make(self.folder / f'{name}.pt', make)

    def head(
        self, name: str, variant: HeadVariant, train: Tensors, calib: Tensors
    ) -> tuple[TrustHead, Select]:
        """Train and calibrate a head, or read it from disk.

        Args:
            name: Name of the row.
            variant: The head.
            train: Features to train on.
            calib: Features to calibrate on.

        Returns:
            The head, and what reduces packed features to its own.
        """

        def select(rows: Tensor) -> Tensor:
            return variant.select(rows, self.channels)

        def make() -> Tensors:
            begin = time.perf_counter()
            args, data = self.args, variant.make_targets(train)
            train_head(head, data, select, args.head_epochs, args.seed)
            has_label = calib['has_label'][:, 0].numpy()
            trust = predict(head, calib['features'][:, 0], select)
            correct = calib['correct'][:, 0].numpy()
            try:
                head.calibration.set(
                    fit_calibration(
                        trust[has_label], correct[has_label], 'temperature'
                    )
                )
            except ValueError as error:  # trust that ranks the wrong way
                self.console.print(f'{name}: not calibrated: {error}')
            seconds = time.perf_counter() - begin
            self.console.print(f'{name}: trained in {seconds:.0f} s')
            return head.state_dict()

        path = self.folder / 'heads' / f'{name.replace(" ", "_")}.pth'
        torch.manual_seed(self.args.seed)
        head = variant.build(self.channels)
        head.load_state_dict(load_or_make(path, make))
        return head.eval(), select

    def describe(self, rows: Tensor) -> NDArray[np.float32]:
        """Describe keypoints for the classical learners.

        Args:
            rows: ``(N, D)`` packed features.

        Returns:
            See ``describe_joints``.
        """
        return describe_joints(unpack(rows, self.channels))

    def fit_learners(self, train: Tensors) -> dict[str, Learned]:
        """Fit classical learners on labels.

        Args:
            train: Features to train on.

        Returns:
            What each learner has learned, see ``fit_learner``.
        """
        inputs = np.concatenate(
            [self.describe(view) for view in train['features'].unbind(1)]
        )
        correct, has_label = (
            train[name].transpose(0, 1).flatten(0, 1).numpy()
            for name in ('correct', 'has_label')
        )
        return {
            name: fit_learner(name, inputs, correct, has_label, self.args.seed)
            for name in LEARNERS
        }

    def head_cost(
        self, head: TrustHead, select: Select, columns: Tensors
    ) -> dict[str, float]:
        """Measure the size of a head and its share of the inference time.

        Args:
            head: The head.
            select: Reduces packed features to those of the head.
            columns: Extracted features.

        Returns:
            ``parameters`` and ``share_of_time``.
        """
        device = torch.device(self.args.device)
        crops = torch.rand(32, 3, 256, 192, device=device)
        sizes = torch.full((32,), 200.0, device=device)
        rows = select(columns['features'][:32, 0]).to(device)
        head = copy.deepcopy(head).to(device)
        with torch.no_grad():
            timed = alternate(
                lambda: head.forward_packed(rows),
                lambda: self.model.pose_output(crops, sizes),
                Plan(repeats=8, warmup=1),
                device,
            ).details()
        both = timed['seconds'] + timed['baseline seconds']
        return {
            'parameters': sum(p.numel() for p in head.parameters()),
            'share_of_time': timed['seconds'] / both,
        }


def free_scores(columns: Tensors) -> dict[str, Score]:
    """Return the scores that need no learning.

    Args:
        columns: Extracted features of a set.

    Returns:
        The scores by name.
    """
    flip, rotations = columns['flip'], columns['rotations']
    bones = bone_scores(columns['keypoints'].double().numpy())
    rows: dict[str, tuple[Any, int]] = {
        RAW: (columns['raw_score'], 0),
        'raw score, mean of the axes': (columns['score_mean'], 0),
        'peak of softmax(10·logits)': (columns['score_peak'], 0),
        'entropy of softmax(10·logits)': (columns['score_certainty'], 0),
        'expected correctness': (columns['score_expected'], 0),
        'mirrored view': (flip, 1),
        'views turned by ±20°': (rotations, 2),
        'mirrored and turned views': ((flip + rotations) / 2, 3),
        'bone lengths': (bones, 0),
        'FK teacher': (columns['fk_trust'], 0),
        'free teacher, solvability': (columns['free_solvability'], 0),
        'free teacher, unified': (columns['free_trust'], 0),
    }
    return {
        name: Score(np.nan_to_num(np.asarray(values)), passes=passes)
        for name, (values, passes) in rows.items()
    }


def compare(args: argparse.Namespace, console: Console) -> str:
    """Run the comparison and write ``results.md`` and ``results.json``.

    Args:
        args: The command line of ``compare_trust.py``.
        console: Output for progress.

    Returns:
        The report in Markdown.
    """
    comparison = TrustComparison(args, console)
    common = {'workers': args.workers, 'seed': args.seed}
    train = comparison.extract(
        comparison.train, 'train', ExtractionConfig(args.hard_views, **common)
    )
    calib = comparison.extract(
        comparison.calib, 'calib', ExtractionConfig(**common)
    )
    views = ExtractionConfig(test_time=True, **common)
    sets = {
        one.name: comparison.extract([one], one.name.replace(' ', '_'), views)
        for one in comparison.eval
    }
    learners = comparison.fit_learners(train)
    heads = {
        name: comparison.head(name, variant, train, calib)
        for name, variant in VARIANTS.items()
    }
    cost = comparison.head_cost(*heads[FULL], train)
    text = [
        '# Trust compared',
        f'Pose network: `{Path(comparison.checkpoint).name}`. Heads: '
        f'{cost["parameters"]:,} parameters, {cost["share_of_time"]:.1%} of '
        'the inference time.',
    ]
    results: dict[str, Any] = {
        'checkpoint': comparison.checkpoint,
        'head': cost,
        'sets': {},
    }
    for images in comparison.eval:
        columns = sets[images.name]
        rows = columns['features'][:, 0]
        described = comparison.describe(rows)
        scores = free_scores(columns)
        for name, learner in learners.items():
            scores[name] = Score(learner(described), ANNOTATED)
        for name, (head, select) in heads.items():
            needs = ANNOTATED if VARIANTS[name].labels else 'none'
            scores[name] = Score(predict(head, rows, select), needs)
        paragraphs, values = report_set(args, images, columns, scores)
        text += paragraphs
        results['sets'][images.name] = values
    args.out.mkdir(parents=True, exist_ok=True)
    report = '\n\n'.join(text) + '\n'
    (args.out / 'results.md').write_text(report)
    (args.out / 'results.json').write_text(
        json.dumps(to_json_values(results), indent=1, allow_nan=False) + '\n'
    )
    return report


def report_set(
    args: argparse.Namespace,
    images: ImageSet,
    columns: Tensors,
    scores: dict[str, Score],
) -> tuple[list[str], dict[str, Any]]:
    """Evaluate all scores on one set.

    Args:
        args: The command line of ``compare_trust.py``.
        images: The set.
        columns: Its extracted features.
        scores: The scores by name.

    Returns:
        The paragraphs of the report, and the values for the JSON file.
    """
    joints = evaluation_input(
        columns, {name: score.values for name, score in scores.items()}
    )
    evaluation = evaluate_scores(
        joints, n_bootstrap=args.bootstrap, seed=args.seed, reference=RAW
    )
    pose = pose_accuracy(images, joints, scores[RAW].values)
    compared = {k: v for k, v in scores.items() if k not in ABLATIONS}
    checks = checks_of(evaluation, compared, HEADS)
    ablated = {k: scores[k] for k in (FULL, *ABLATIONS)}
    accuracy = ', '.join(f'{k} {v:.3f}' for k, v in pose.items())
    text = [
        f'## {images.name}',
        f'{evaluation.num_persons} persons, {evaluation.num_joints} '
        f'labeled joints; pose: {accuracy}. In brackets: 95 % of '
        f'{args.bootstrap} draws of images.',
        score_table(evaluation, compared),
        check_table(checks),
        'The head on true correctness, each ingredient out:',
        score_table(evaluation, ablated),
    ]
    values = {'pose': pose, 'checks': checks}
    return text, {**evaluation_as_dict(evaluation), **values}
