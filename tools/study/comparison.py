"""Comparison of everything that could tell correct from wrong keypoints."""

import argparse
import copy
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.model import revert_sync_batchnorm
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from self_verify_pose.datasets.trust_cache.files import file_sha256
from self_verify_pose.engine.checkpoint import (
    TRUST_PREFIX,
    load_weights,
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
from self_verify_pose.skeleton import JOINTS
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
    Score,
    check_table,
    checks_of,
    pose_accuracy,
    score_table,
)
from self_verify_pose.tools.study.train_heads import (
    FeatureLayout,
    HeadVariant,
    predict,
    train_head,
)
from self_verify_pose.tools.study.train_pose import BASELINE, train_pose
from self_verify_pose.tools.study.variants import (
    FULL,
    HEADS,
    TEACHER_HEADS,
    make_ablations,
)

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
SELFVERIFY = 'selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py'

# arguments of a pose network's parts that change no weight
_NOT_WEIGHTS = ('init_cfg', 'out_indices')
# arguments of the trust head that the layout of the features gives
_FROM_NETWORK = (
    *('type', 'levels', 'in_channels', 'num_keypoints', 'num_scalars'),
)

# the score that the others are compared with, by family of the pose head
RAW_TITLES = {'simcc': 'raw score, minimum of the axes'}
# the scores of a distribution
SCORE_TITLES = {
    'mean': 'raw score, mean of the axes',
    'peak': 'peak of the distribution',
    'certainty': 'entropy of the distribution',
    'single_mode': 'second mode',
    'expected': 'expected correctness',
}
TEACHER_TITLES = {
    'fk_trust': 'FK teacher',
    'free_solvability': 'free teacher, solvability',
    'free_trust': 'free teacher, unified',
}
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
        self.config = Config.fromfile(args.config)
        init_default_scope('mmpose')
        read_state_dict(args.checkpoint)
        self.model = self._build_model()
        if args.pose_epochs:
            _check_baseline(self.config)
        self.checkpoint = self._pose_checkpoint()
        self._load_pose_network()
        self.layout = FeatureLayout.of_model(self.model)
        # features of another pose network are never read
        network = f'{file_sha256(self.checkpoint)} {self.config.model}'
        key = hashlib.sha256(network.encode()).hexdigest()
        self.folder = args.out / key[:12]

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
        model = revert_sync_batchnorm(MODELS.build(self.config.model))
        head = getattr(model, 'trust_head', None)
        # a head of another type may take other arguments
        if isinstance(model, SelfVerifyTopdown) and type(head) is TrustHead:
            return model
        raise ValueError(
            '--config: expected a SelfVerifyTopdown with a TrustHead, found a '
            f'{type(model).__name__} with '
            f'{"none" if head is None else type(head).__name__} in '
            f'{self.args.config}; give a config with trust, such as one of '
            'configs/zoo'
        )

    def _load_pose_network(self) -> None:
        state = {
            name: weight
            for name, weight in read_state_dict(self.checkpoint).items()
            if not name.startswith(TRUST_PREFIX)
        }
        load_weights(self.model, state, self.checkpoint, False)
        self.model.to(self.args.device).eval()
        self.model.to(memory_format=torch.channels_last)

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
            dataset = plain_crops(self.config, sets, self.model)
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
            return variant.select(rows, self.layout)

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
        own = {
            key: value
            for key, value in self.config.model.trust_head.items()
            if key not in _FROM_NETWORK
        }
        head = variant.build(self.layout, own)
        head.load_state_dict(load_or_make(path, make))
        return head.eval(), select

    def describe(self, columns: Tensors, view: int) -> NDArray[np.float32]:
        """Describe keypoints for the classical learners.

        Args:
            columns: Extracted features.
            view: The view, 0 for the crop.

        Returns:
            See ``describe_joints``.
        """
        rows = columns['features'][:, view]
        raw = columns['raw_score'][:, view].to(rows.dtype)  # as precise
        return describe_joints(rows, raw, self.layout)

    def fit_learners(self, train: Tensors) -> dict[str, Learned]:
        """Fit classical learners on labels.

        Args:
            train: Features to train on.

        Returns:
            What each learner has learned, see ``fit_learner``.
        """
        views = range(train['features'].shape[1])
        inputs = np.concatenate([self.describe(train, v) for v in views])
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
        width, height = self.model.reader.input_size
        crops = torch.rand(32, 3, height, width, device=device)
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

    def free_scores(self, columns: Tensors) -> dict[str, Score | None]:
        """Return the scores that need no learning.

        Args:
            columns: Extracted features of a set.

        Returns:
            The scores by name, the raw score first; None where the family of
            the pose head, or the skeleton, has none of that name.
        """
        own = [n.removeprefix('score_') for n in columns if 'score_' in n[:6]]
        titles = {**{name: name for name in own}, **SCORE_TITLES}
        flip, rotations = columns['flip'], columns['rotations']
        bones = None
        if self.layout.keypoints == JOINTS:
            bones = bone_scores(columns['keypoints'].double().numpy())
        rows: dict[str, tuple[Any, int]] = {
            self.raw_title: (columns['raw_score'][:, 0], 0),
            **{
                titles[name]: (columns.get(f'score_{name}'), 0)
                for name in titles
            },
            'mirrored view': (flip, 1),
            'views turned by ±20°': (rotations, 2),
            'mirrored and turned views': ((flip + rotations) / 2, 3),
            'bone lengths': (bones, 0),
            **{
                title: (columns.get(name), 0)
                for name, title in TEACHER_TITLES.items()
            },
        }
        return {
            name: None
            if values is None
            else Score(np.nan_to_num(np.asarray(values)), passes=passes)
            for name, (values, passes) in rows.items()
        }

    def variants(self, train: Tensors) -> dict[str, HeadVariant | None]:
        """Return the heads to train.

        Args:
            train: Features to train on.

        Returns:
            The heads by name, the ablations last; None where the pose
            network lacks an ingredient, or no teacher gives targets.
        """
        heads: dict[str, HeadVariant | None] = dict(HEADS)
        if 'free_trust' not in train:
            heads |= dict.fromkeys(TEACHER_HEADS)
        return heads | make_ablations(self.layout)

    def report_set(
        self,
        images: ImageSet,
        columns: Tensors,
        scores: dict[str, Score],
    ) -> tuple[list[str], dict[str, Any]]:
        """Evaluate all scores on one set.

        Args:
            images: The set.
            columns: Its extracted features.
            scores: The scores by name.

        Returns:
            The paragraphs of the report, and the values for the JSON file.
        """
        joints = evaluation_input(
            columns, {name: score.values for name, score in scores.items()}
        )
        args, raw = self.args, self.raw_title
        evaluation = evaluate_scores(
            joints, n_bootstrap=args.bootstrap, seed=args.seed, reference=raw
        )
        sigmas = (self.model.metainfo or {}).get('sigmas')
        pose = pose_accuracy(images, joints, scores[raw].values, sigmas)
        ablations = make_ablations(self.layout)
        compared = {k: v for k, v in scores.items() if k not in ablations}
        checks = checks_of(
            evaluation, compared, [name for name in HEADS if name in scores]
        )
        ablated = {k: scores[k] for k in (FULL, *ablations) if k in scores}
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

    @property
    def raw_title(self) -> str:
        """Name of the raw score."""
        kind = self.model.reader.distribution.kind
        return RAW_TITLES.get(kind, 'raw score')


def _check_baseline(config: Config) -> None:
    """Raise unless a config has the pose network of the baseline."""
    base = Config.fromfile(CONFIGS / BASELINE)

    def network(model: dict) -> list[dict]:
        return [
            {k: v for k, v in model[part].items() if k not in _NOT_WEIGHTS}
            for part in ('backbone', 'head')
        ]

    if network(config.model) != network(base.model):
        raise ValueError(
            '--pose-epochs: expected the pose network of '
            f'configs/{BASELINE}, found a {config.model.backbone.type} with '
            f'a {config.model.head.type} of other options; train it with its '
            'own config, and leave the option out'
        )


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
    variants = comparison.variants(train)
    heads = {
        name: comparison.head(name, variant, train, calib)
        for name, variant in variants.items()
        if variant is not None
    }
    cost = comparison.head_cost(*heads[FULL], train)
    free = {k: comparison.free_scores(v) for k, v in sets.items()}
    possible = {**next(iter(free.values())), **variants}
    left_out = [name for name, row in possible.items() if row is None]
    text = [
        '# Trust compared',
        f'Pose network: `{Path(comparison.checkpoint).name}`. Heads: '
        f'{cost["parameters"]:,} parameters, {cost["share_of_time"]:.1%} of '
        'the inference time.',
    ]
    if left_out:
        text.append(
            f'Left out, because this pose network has nothing for them: '
            f'{len(left_out)} of {len(possible) + len(LEARNERS)} rows '
            f'({"; ".join(left_out)}).'
        )
    results: dict[str, Any] = {
        'checkpoint': comparison.checkpoint,
        'config': str(args.config),
        'head': cost,
        'left_out': left_out,
        'sets': {},
    }
    for images in comparison.eval:
        columns = sets[images.name]
        rows = columns['features'][:, 0]
        described = comparison.describe(columns, 0)
        scores = {k: v for k, v in free[images.name].items() if v is not None}
        for name, learner in learners.items():
            scores[name] = Score(learner(described), ANNOTATED)
        for name, (head, select) in heads.items():
            variant = variants[name]
            assert variant is not None
            needs = ANNOTATED if variant.labels else 'none'
            scores[name] = Score(predict(head, rows, select), needs)
        paragraphs, values = comparison.report_set(images, columns, scores)
        text += paragraphs
        results['sets'][images.name] = values
    args.out.mkdir(parents=True, exist_ok=True)
    report = '\n\n'.join(text) + '\n'
    (args.out / 'results.md').write_text(report)
    (args.out / 'results.json').write_text(
        json.dumps(to_json_values(results), indent=1, allow_nan=False) + '\n'
    )
    return report
