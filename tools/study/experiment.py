"""What a comparison trains and predicts, kept on disk."""

import argparse
from collections.abc import Callable

from mmengine.config import Config
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.progress import Progress
from torch.utils.data import Dataset

from self_verify_pose.datasets.trust_cache.files import file_sha256
from self_verify_pose.engine.checkpoint import read_state_dict
from self_verify_pose.engine.config_file import load_config
from self_verify_pose.output_files import check_output_folder
from self_verify_pose.skeleton import JOINTS
from self_verify_pose.tools.command_line import CONFIGS
from self_verify_pose.tools.study.extract_features import (
    ExtractionConfig,
    extract_features,
)
from self_verify_pose.tools.study.extract_regimes import extract_regimes
from self_verify_pose.tools.study.extraction import (
    Stored,
    Tensors,
    load_or_make,
)
from self_verify_pose.tools.study.free_scores import (
    RAW_TITLES,
    Score,
    free_scores,
)
from self_verify_pose.tools.study.head_variants import (
    FeatureLayout,
)
from self_verify_pose.tools.study.image_sets import (
    ImageSet,
    check_disjoint_sets,
    find_eval_sets,
    find_set,
    plain_crops,
    read_content,
    short_hash,
)
from self_verify_pose.tools.study.pose_network import (
    build_model,
    check_baseline,
    load_pose_network,
)
from self_verify_pose.tools.study.train_pose import BASELINE, train_pose


class TrustExperiment:
    """The sets and the pose network, with what is made of them.

    Args:
        args: The options of ``add_study_options``.
        console: Output for progress.

    Attributes:
        compared: Images that were found to be unseen, by option.
    """

    def __init__(self, args: argparse.Namespace, console: Console) -> None:
        self.args, self.console = args, console
        check_output_folder(args.out)
        self.train = [find_set(root, 'train') for root in args.train]
        self.calib = [find_set(root, 'train') for root in args.calib]
        self.eval = find_eval_sets(args.eval)
        fitted = self.train + self.calib
        self.compared = {
            '--calib': check_disjoint_sets(self.train, self.calib, '--calib'),
            '--eval': check_disjoint_sets(fitted, self.eval, '--eval'),
        }
        self.config = load_config(args.config)
        init_default_scope('mmpose')
        read_state_dict(args.checkpoint)
        self.model = build_model(self.config, args.config)
        if args.pose_epochs:
            check_baseline(self.config)
        self.checkpoint = self._pose_checkpoint()
        load_pose_network(self.model, self.checkpoint, args.device)
        self.layout = FeatureLayout.of_model(self.model)
        # features of another pose network are never read
        network = f'{file_sha256(self.checkpoint)} {self.config.model}'
        self.folder = args.out / short_hash(network)
        self.seeds = range(args.seed, args.seed + args.seeds)

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

    def training_features(self) -> list[Tensors]:
        """Extract what heads are trained on, or read it from disk.

        Returns:
            See ``extract_features``, for each training set.
        """
        args = self.args
        views = ExtractionConfig(args.hard_views, args.workers, args.seed)

        def extract(
            data: Dataset, advance: Callable[[int], object]
        ) -> Tensors:
            return extract_features(self.model, data, views, advance)

        name = f'train_{args.hard_views}_{args.seed}'
        return [self._extract([one], name, extract) for one in self.train]

    def test_features(self, sets: list[ImageSet]) -> dict[str, Tensors]:
        """Extract what scores are computed from, or read it from disk.

        Args:
            sets: The sets.

        Returns:
            See ``extract_regimes``.
        """

        def extract(
            data: Dataset, advance: Callable[[int], object]
        ) -> dict[str, Tensors]:
            return extract_regimes(
                self.model, data, self.args.workers, advance
            )

        return self._extract(sets, 'test', extract)

    def _extract(
        self,
        sets: list[ImageSet],
        kind: str,
        extract: Callable[[Dataset, Callable[[int], object]], Stored],
    ) -> Stored:
        name = ' '.join(one.name for one in sets)

        def make() -> Stored:
            dataset = plain_crops(self.config, sets, self.model)
            with Progress(console=self.console) as progress:
                task = progress.add_task(name, total=len(dataset))
                return extract(
                    dataset, lambda count: progress.advance(task, count)
                )

        # a set of the same name may have changed
        key = short_hash(*(read_content(one).key for one in sets))
        return load_or_make(self.folder / f'{kind}_{key}.pt', make)

    def free_scores(
        self, columns: Tensors, regime: str
    ) -> dict[str, Score | None]:
        """Return the scores that need no training images.

        Args:
            columns: What ``extract_regimes`` found of a set, in a regime.
            regime: The regime.

        Returns:
            See :func:`free_scores`.
        """
        is_body = self.layout.keypoints == JOINTS
        return free_scores(columns, regime, self.raw_title, is_body)

    @property
    def raw_title(self) -> str:
        """Name of the raw score."""
        kind = self.model.reader.distribution.kind
        return RAW_TITLES.get(kind, 'raw score')
