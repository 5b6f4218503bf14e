"""Time of trust on the pose network of any config of ours."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.model import revert_sync_batchnorm
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from mmpose.datasets.transforms import GenerateTarget, PackPoseInputs
from mmpose.models import TopdownPoseEstimator
from mmpose.registry import MODELS

from self_verify_pose.engine.checkpoint import load_weights, read_state_dict
from self_verify_pose.engine.config_file import load_config
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.models.sample_fields import person_sizes
from self_verify_pose.models.trust_targets.step import PoseOutput

from .context import BenchmarkContext, TrainingSetup
from .results import BenchmarkResult, result_of

OUR_KEYS = (
    'trust_head',
    'full_param_train',
    'consistency_cfg',
    'solvability_cfg',
    'trust_cfg',
)


@dataclass(frozen=True)
class AnyModel:
    """A config with trust, and the plain MMPose model in it.

    Args:
        config: The config; its model is a ``SelfVerifyTopdown``.
        checkpoint: Weights of the pose network; random without.
        context: Device, batch size and plan.
    """

    config: Config
    checkpoint: Path | None
    context: BenchmarkContext

    @classmethod
    def read(cls, context: BenchmarkContext) -> 'AnyModel':
        """Read the config that the context names.

        Args:
            context: With ``config_file``, and perhaps ``checkpoint_file``.

        Returns:
            Config and weights.

        Raises:
            ValueError: If its model has no trust.
        """
        path = context.config_file
        assert path is not None
        config = load_config(path)
        init_default_scope('mmpose')
        model = config.get('model', {})
        kind = MODELS.get(model.get('type', ''))
        trusted = isinstance(kind, type) and issubclass(
            kind, SelfVerifyTopdown
        )
        if not (trusted and model.get('trust_cfg', {}).get('enable')):
            raise ValueError(
                '--config: expected a SelfVerifyTopdown with '
                f'model.trust_cfg.enable=True, found {model.get("type")} in '
                f'{path}; give a config with trust, such as one of '
                'configs/zoo'
            )
        return cls(config, context.checkpoint_file, context)

    def plain(self) -> TopdownPoseEstimator:
        """Build the model of MMPose without the keys of this package.

        Returns:
            The model, on the device of the context.
        """
        options = {
            k: v for k, v in self.config.model.items() if k not in OUR_KEYS
        }
        return self._built({**options, 'type': 'TopdownPoseEstimator'})

    def trusting(self, **changes: Any) -> SelfVerifyTopdown:
        """Build the model with trust.

        Args:
            **changes: Keys of ``model`` to set.

        Returns:
            The model, on the device of the context.
        """
        return self._built({**self.config.model, **changes})

    def _built(self, options: dict[str, Any]) -> Any:
        torch.manual_seed(0)
        model = revert_sync_batchnorm(MODELS.build(options))
        if self.checkpoint is not None:
            state = read_state_dict(self.checkpoint)
            load_weights(model, state, self.checkpoint, trust=False)
        return model.to(self.context.device)

    def training(
        self, model: TopdownPoseEstimator, batch: dict[str, Any]
    ) -> TrainingSetup:
        """Put a model into training with the optimizer of the config.

        Args:
            model: The model.
            batch: Collated batch.

        Returns:
            Model, optimizer and batch.
        """
        optimizer = build_optim_wrapper(model, self.config.optim_wrapper)
        return TrainingSetup(model.train(), optimizer, batch)

    def batch(self, model: SelfVerifyTopdown) -> dict[str, Any]:
        """Make random crops with random keypoints and targets.

        Args:
            model: Its pose head tells size and number of keypoints.

        Returns:
            The collated batch.
        """
        assert model.trust_head is not None
        count = model.trust_head.num_keypoints
        width, height = model.reader.input_size
        generator = np.random.default_rng(0)
        encode = GenerateTarget(encoder=dict(self.config.model.head.decoder))
        pack = PackPoseInputs()
        flip = (model.metainfo or {}).get('flip_indices', range(count))
        samples = []
        for index in range(self.context.batch_size):
            points = generator.uniform(0.2, 0.8, (1, count, 2))
            points = (points * (width, height)).astype(np.float32)
            crop = generator.integers(0, 256, (height, width, 3), np.uint8)
            result = {
                'img': crop,
                'id': index,
                'bbox': np.array([[0, 0, width, height]], np.float32) * 0.8,
                'bbox_score': np.ones(1, np.float32),
                'input_size': (width, height),
                'input_center': np.array([width, height], np.float32) / 2,
                'input_scale': np.array([width, height], np.float32),
                'flip_indices': list(flip),
                'keypoints': points,
                'transformed_keypoints': points,
                'keypoints_visible': np.ones((1, count), np.float32),
            }
            sample = pack(encode(result))
            targets = generator.random((1, count), np.float32)
            sample['data_samples'].gt_instances.pseudo_trust_sol = targets
            samples.append(sample)
        return pseudo_collate(samples)


def measure_steps(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Compare training steps with trust with one of the plain model.

    Args:
        context: With the config; its thresholds are none.

    Yields:
        Ratios of the times with the pose network frozen and trained, and
        with cached features.
    """
    setup = AnyModel.read(context)
    frozen = setup.trusting(full_param_train=False)
    batch = setup.batch(frozen)
    plain = setup.training(setup.plain(), batch)
    assert frozen.source is not None
    source = f'step, {type(frozen.source).__name__}'
    trainings = {f'{source}, pose frozen': setup.training(frozen, batch)}
    if 'cache' not in frozen.source.requires:
        trained = setup.trusting(full_param_train=True)
        trainings[f'{source}, pose trained'] = setup.training(trained, batch)
    trainings['step, cached features'] = _stored_features(setup, batch)
    for name, training in trainings.items():
        timing = context.compare(training.step, plain.step)
        yield result_of(name, timing, context.batch_size)


def _stored_features(setup: AnyModel, batch: dict[str, Any]) -> TrainingSetup:
    model = setup.trusting(
        type='StoredFeaturesTopdown',
        full_param_train=False,
        consistency_cfg={'enable': False},
        solvability_cfg={'enable': False},
        trust_cfg={'enable': True, 'source': 'cached'},
        data_preprocessor={
            **setup.config.model.data_preprocessor,
            'type': 'StoredFeaturesPreprocessor',
        },
    )
    rows = model.packed_features(_pose_output(model.eval(), batch))
    stored = {**batch, 'inputs': list(rows)}
    return setup.training(model, stored)


@torch.no_grad()
def _pose_output(
    model: SelfVerifyTopdown, batch: dict[str, Any]
) -> PoseOutput:
    data = model.data_preprocessor(copy.copy(batch))
    sizes = person_sizes(data['data_samples'], data['inputs'].device)
    return model.pose_output(data['inputs'], sizes)


def measure_predictions(
    context: BenchmarkContext,
) -> Iterator[BenchmarkResult]:
    """Compare ``predict`` with the one of the plain model.

    Args:
        context: With the config; its thresholds are none.

    Yields:
        Ratios of the times without and with flip test and with
        verification, and the share of the trust head and its input of a
        plain prediction.
    """
    setup = AnyModel.read(context)
    trusting, plain = setup.trusting().eval(), setup.plain().eval()
    batch = setup.batch(trusting)

    def predict(model: TopdownPoseEstimator) -> None:
        model.test_step(copy.copy(batch))

    with torch.no_grad():  # as the test loop of MMEngine
        for flip in (True, False):
            for model in (trusting, plain):
                model.test_cfg['flip_test'] = flip
            name = f'predict with trust, {"" if flip else "no "}flip test'
            timing = context.compare(
                partial(predict, trusting), partial(predict, plain), times=3
            )
            yield result_of(name, timing, context.batch_size)
        test_cfg = {**plain.test_cfg, 'verify': {}}
        verified = setup.trusting(test_cfg=test_cfg).eval()
        timing = context.compare(
            partial(predict, verified), partial(predict, plain), times=3
        )
        yield result_of(
            'predict with trust, verified by three views, no flip test',
            timing,
            context.batch_size,
        )
        output = _pose_output(trusting, batch)
        timing = context.compare(
            partial(_score, trusting, output), partial(predict, plain)
        )
        yield result_of(
            'trust head and its input, no flip test',
            timing,
            context.batch_size,
        )


def _score(model: SelfVerifyTopdown, output: PoseOutput) -> None:
    """Score the keypoints of one view, from a distribution read anew."""
    assert model.trust_head is not None
    sizes = output.distribution.sizes
    distribution = model.reader.read(output.head_output, sizes)
    keypoints = distribution.hard_decode()
    model.trust_head.predict(output.features, distribution, keypoints)
