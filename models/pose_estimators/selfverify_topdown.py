"""A top-down pose estimator that predicts which keypoints are correct."""

from typing import Any

import torch
from mmengine.logging import MMLogger
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils.tensor_utils import to_numpy
from torch import Tensor, nn

from ..augmentations.second_view import second_view
from ..augmentations.similarity import SimilarityTransform
from ..augmentations.verification import read_views
from ..distributions import KeypointDistribution, read_head
from ..heads.build import build_trust_head, choose_levels
from ..heads.trust_features import TrustFeatures
from ..losses.masked import masked_mean, soft_target_bce
from ..option_checks import check_arguments, check_type
from ..options import SelfVerifyOptions
from ..output_checks import check_losses, check_numbers
from ..sample_fields import Samples, person_mask, person_sizes
from ..trust_targets import (
    AugmentedView,
    PoseOutput,
    TrainingStep,
    TrustSource,
    build_source,
    build_teacher,
    checked_targets,
)
from .freezing import freeze, freeze_bn_stats
from .inspection import feature_maps, keypoint_names, normalized_fill
from .prediction import average_views, keypoint_scores, named_scores
from .verification import verified_mass


@MODELS.register_module()
class SelfVerifyTopdown(TopdownPoseEstimator):
    """Top-down estimator that learns to predict a trust for each keypoint.

    In training the crop goes through the pose network once, and a rotated or
    strongly augmented view of it once more where the options ask for that.
    The distance of the two predictions is a loss for the pose network, and a
    :class:`TrustSource` maps the step to the targets of the trust head. The
    prediction for the crop is the fixed side of the comparison: it gets no
    gradient from it (Xie et al., "An Empirical Study of the Collapsing
    Problem in Semi-Supervised 2D Human Pose Estimation", ICCV 2021).

    Args:
        trust_head: Config of the trust head; its ``levels``,
            ``in_channels``, ``num_keypoints`` and ``num_scalars`` are taken
            from the pose network where they are not given. Needed where
            trust is enabled. It reads the feature maps that the pose head
            is given.
        full_param_train: Train everything. False freezes backbone, neck
            and head (no gradients, no BatchNorm statistics, eval mode) and
            trains the trust head alone.
        consistency_cfg: See :class:`ConsistencyOptions`.
        solvability_cfg: See :class:`SolvabilityOptions`.
        trust_cfg: See :class:`TrustOptions`.
        **kwargs: Arguments of :class:`TopdownPoseEstimator`.

    Attributes:
        held_out: Ids of persons that the trust head is not trained on; they
            decide what is kept of it, see ``TrustSelectionHook``.

    Raises:
        TypeError: On an unknown option or one of the wrong type.
        ValueError: On a value out of range, a head of an unknown family, or
            a combination that leaves nothing to train, or a teacher whose
            body the keypoints of ``metainfo`` do not make.
    """

    def __init__(
        self,
        *,
        trust_head: dict | None = None,
        full_param_train: bool = True,
        consistency_cfg: dict | None = None,
        solvability_cfg: dict | None = None,
        trust_cfg: dict | None = None,
        **kwargs: Any,
    ) -> None:
        check_arguments('model', kwargs, type(self))
        check_type('model.full_param_train', full_param_train, bool)
        super().__init__(**kwargs)
        _wants_extra_scores(self.test_cfg)
        self.full_param_train = full_param_train
        self.options = options = SelfVerifyOptions.read(
            consistency_cfg, solvability_cfg, trust_cfg
        )
        self.reader = read_head(self.head)
        self.reader.check_test_cfg(self.test_cfg)
        self.verification = read_views(self.test_cfg)
        self.source = self._build_source()
        self.teacher = None
        if options.solvability.enable or self._requires('teacher'):
            names = keypoint_names(self.metainfo, self.head)
            self.teacher = build_teacher(options.solvability, names)
        self.trust_head = None
        if options.trust.enable:
            self.trust_head = build_trust_head(
                trust_head, *self._trial_output()[:2]
            )
        if not full_param_train:
            self._freeze_pose_network()
        self.held_out: frozenset[int] = frozenset()
        self._is_first_step = True
        self._register_load_state_dict_pre_hook(self._keep_untrained_trust)

    @torch.no_grad()
    def _trial_output(self) -> PoseOutput:
        """Output for a black crop; the pose network stays as it is."""
        modules = self._pose_modules()
        training = [module.training for module in modules]
        for module in modules:
            module.eval()
        width, height = self.reader.input_size
        output = self.pose_output(
            torch.zeros(1, 3, height, width), torch.ones(1)
        )
        for module, mode in zip(modules, training, strict=True):
            module.train(mode)
        return output

    def _build_source(self) -> TrustSource | None:
        if not self.options.trust.enable:
            return None
        source = build_source(self.options)
        if 'cache' in source.requires and self.full_param_train:
            raise ValueError(
                'model.full_param_train: expected False with '
                f'model.trust_cfg.source={self.options.trust.source!r}, found '
                'True: cached labels belong to a pose network that does not '
                'change; freeze it or choose another source'
            )
        return source

    def _freeze_pose_network(self) -> None:
        if self.trust_head is None:
            raise ValueError(
                'expected something to train, found '
                'model.full_param_train=False with '
                'model.trust_cfg.enable=False; set one of them to True'
            )
        for module in self._pose_modules():
            freeze(module)

    def _pose_modules(self) -> list[nn.Module]:
        neck = [self.neck] if self.with_neck else []
        return [self.backbone, *neck, self.head]

    @property
    def gives_trust(self) -> bool:
        """Whether predictions hold ``keypoint_trust``."""
        return self.trust_head is not None or bool(self.verification)

    def _requires(self, part: str) -> bool:
        return self.source is not None and part in self.source.requires

    @property
    def _measures_consistency(self) -> bool:
        return self.options.consistency.enable or self._requires('second_view')

    @property
    def _needs_second_view(self) -> bool:
        strong = self.options.consistency.hard_view is not None
        supported = self.source is not None and (
            self.source.supports_strong_view
        )
        return self._measures_consistency or (strong and supported)

    @property
    def _trains_consistency(self) -> bool:
        consistency = self.options.consistency
        return (
            self.full_param_train
            and consistency.enable
            and consistency.loss_weight > 0
        )

    def init_weights(self) -> None:
        """Initialize the weights; those of a frozen pose network are given.

        They come from a checkpoint, so nothing is downloaded for them.
        """
        if self.full_param_train:
            super().init_weights()
        elif self.trust_head is not None:
            self.trust_head.init_weights()

    def train(self, mode: bool = True) -> 'SelfVerifyTopdown':
        """Set the mode; a frozen pose network stays in eval mode.

        Args:
            mode: True for training.

        Returns:
            Itself.
        """
        super().train(mode)
        if not self.full_param_train:
            for module in self._pose_modules():
                module.eval()
        return self

    def pose_output(self, inputs: Tensor, sizes: Tensor) -> PoseOutput:
        """Run the pose network.

        Args:
            inputs: ``(B, 3, H, W)`` normalized crops.
            sizes: ``(B,)`` person sizes in pixels of the crops.

        Returns:
            Feature maps and distributions of the keypoints.

        Raises:
            ValueError: If the crops do not have the size of the codec.
        """
        size = (inputs.shape[-1], inputs.shape[-2])
        if size != self.reader.input_size:
            raise ValueError(
                'TopdownAffine.input_size: expected '
                f'{self.reader.input_size}, as of the codec of model.head, '
                f'found crops of {size} pixels; give both the same size'
            )
        backbone = self.backbone(inputs)
        features = self.neck(backbone) if self.with_neck else backbone
        output = self.head.forward(features)
        return PoseOutput(
            feature_maps(features, backbone),
            self.reader.read(output, sizes),
            output,
            features,
        )

    def packed_features(self, output: PoseOutput) -> Tensor:
        """Collect the input of the trust head, one row per sample.

        Args:
            output: Output of the pose network.

        Returns:
            ``(B, D)`` rows; they train a ``StoredFeaturesTopdown``.
        """
        if self.trust_head is None:
            levels = choose_levels(output.features)
        else:
            levels = self.trust_head.levels
        features = TrustFeatures.collect(
            [output.features[level] for level in levels],
            output.distribution,
            output.distribution.hard_decode(),
        )
        return features.packed(output.distribution.free_score())

    def loss(
        self, inputs: Tensor, data_samples: list[PoseDataSample]
    ) -> dict[str, Tensor]:
        """Compute losses and the values that are logged beside them.

        Args:
            inputs: ``(B, 3, H, W)`` normalized crops.
            data_samples: B training samples.

        Returns:
            ``loss_kpt`` and ``acc_pose`` where the pose network trains;
            ``loss_consistency_rot`` where consistency is enabled with a
            weight and the pose network trains; ``rot_inconsistency_mean``
            where it is measured; ``solv_residual_mean``,
            ``solv_energy_mean``, ``pseudo_trust_sol_mean`` and
            ``solv_converged`` where there is a teacher; ``loss_trust`` and
            ``trust_pred_mean`` where trust is enabled.
        """
        step = self._run_step(inputs, data_samples)
        losses: dict[str, Tensor] = {}
        if self.full_param_train:
            losses |= self._pose_losses(step)
        if self._measures_consistency:
            mean = masked_mean(*step.soft_inconsistency)
            losses['rot_inconsistency_mean'] = mean.detach()
            if self._trains_consistency:
                weight = self.options.consistency.loss_weight
                losses['loss_consistency_rot'] = weight * step.consistency_loss
        if self.teacher is not None:
            losses |= step.teacher_output.logged(self.options.solvability)
        if self.source is not None:
            targets = checked_targets(self.source, step)
            logits = torch.cat([self._trust_logits(t.view) for t in targets])
            losses |= self._trust_losses(
                logits,
                torch.cat([target.values for target in targets]),
                torch.cat([target.mask for target in targets]),
                data_samples,
            )
        return losses

    def _run_step(self, inputs: Tensor, data_samples: Samples) -> TrainingStep:
        """Run the pose network on all views of the step."""
        sizes = person_sizes(data_samples, inputs.device)
        with torch.set_grad_enabled(self.full_param_train):
            output = self.pose_output(inputs, sizes)
        view = AugmentedView(output, SimilarityTransform.identity(sizes))
        second = self._second_view(inputs, sizes)
        return TrainingStep(
            data_samples,
            view,
            second,
            self.reader,
            self.options,
            self.teacher,
            self._is_first_step,
        )

    def _pose_losses(self, step: TrainingStep) -> dict[str, Tensor]:
        losses = self.reader.pose_loss(
            self.head,
            step.view.output.head_output,
            step.head_targets,
            step.data_samples,
            self.train_cfg,
        )
        check_losses(f'{type(self.reader).__name__}.pose_loss', losses)
        return losses

    def _second_view(
        self, inputs: Tensor, sizes: Tensor
    ) -> AugmentedView | None:
        if not self._needs_second_view:
            return None
        crops, transform = second_view(
            inputs,
            sizes,
            self.options.consistency,
            normalized_fill(self.data_preprocessor),
        )
        trust = self.options.trust
        trust_trains_pose = (
            self.full_param_train
            and self.trust_head is not None
            and not (trust.detach_pseudo and trust.detach_features)
        )
        with (
            torch.set_grad_enabled(
                self._trains_consistency or trust_trains_pose
            ),
            freeze_bn_stats(*self._pose_modules()),
        ):
            output = self.pose_output(crops, sizes * transform.scales)
        return AugmentedView(output, transform)

    def _trust_logits(self, view: AugmentedView) -> Tensor:
        output = view.output
        if self.options.trust.detach_features:
            output = output.detach()
        assert self.trust_head is not None
        return self.trust_head.logits(
            output.features,
            output.distribution,
            output.distribution.hard_decode(),
        )

    def _trust_losses(
        self,
        logits: Tensor,
        targets: Tensor,
        mask: Tensor,
        data_samples: Samples,
    ) -> dict[str, Tensor]:
        if self._is_first_step:
            check_numbers(
                f'{type(self.trust_head).__name__}.forward',
                logits,
                logits.isfinite(),
                'finite logits',
            )
            self._is_first_step = False
        if self.options.trust.detach_pseudo:
            targets = targets.detach()
        if self.held_out:
            out = person_mask(data_samples, self.held_out, mask.device)
            # several views of the same persons follow each other
            mask = mask & ~out.repeat(len(mask) // len(out))[:, None]
        loss = soft_target_bce(logits, targets, mask)
        return {
            'loss_trust': self.options.trust.loss_weight * loss,
            'trust_pred_mean': logits.detach().sigmoid().mean(),
        }

    def predict(
        self, inputs: Tensor, data_samples: list[PoseDataSample]
    ) -> list[PoseDataSample]:
        """Predict keypoints, scores and trust.

        The pose is the one of plain MMPose, bit for bit. With flip test
        the trust head reads what the keypoints are decoded from: the
        average of the distributions and of the feature maps of both views.
        With ``test_cfg.verify``, other views are predicted as well, and the
        probability that they give the keypoints is averaged with the free
        score that trust starts from, or is the trust where there is no
        head. The calibration of the checkpoint is applied last.

        Args:
            inputs: ``(B, 3, H, W)`` normalized crops.
            data_samples: B samples.

        Returns:
            The samples; ``pred_instances`` holds ``keypoints`` ``(N, K, 2)``
            in pixels of the image, ``keypoint_scores`` ``(N, K)`` and, where
            trust is enabled, ``keypoint_trust`` ``(N, K)`` in [0, 1]. With
            ``test_cfg.extra_scores``, it also holds the scores of the
            distribution, such as ``simcc_expected``, ``(N, K)``.
        """
        if not (self.gives_trust or _wants_extra_scores(self.test_cfg)):
            return super().predict(inputs, data_samples)
        flip = self.test_cfg.get('flip_test', False)
        sizes = person_sizes(data_samples, inputs.device)
        outputs = [self.pose_output(inputs, sizes)]
        flip_indices: list[int] = []
        if flip:
            outputs.append(self.pose_output(inputs.flip(-1), sizes))
        if flip or any(view.mirrored for view in self.verification):
            flip_indices = data_samples[0].metainfo['flip_indices']
        distribution = average_views(outputs, flip_indices, self.test_cfg)
        verified = None
        if self.verification:
            verified = verified_mass(
                self.pose_output,
                inputs,
                outputs,
                distribution.hard_decode(),
                self.verification,
                flip_indices,
                normalized_fill(self.data_preprocessor),
            )
        scores = keypoint_scores(
            self.trust_head, outputs, distribution, verified
        )
        if _wants_extra_scores(self.test_cfg):
            scores |= named_scores(distribution)
        predictions, fields = self._decode(distribution, outputs, data_samples)
        for name, values in scores.items():
            for one, row in zip(predictions, to_numpy(values), strict=True):
                one.set_field(row[None], name)
        return self.add_pred_to_datasample(predictions, fields, data_samples)

    def _decode(
        self,
        distribution: KeypointDistribution,
        outputs: list[PoseOutput],
        data_samples: list[PoseDataSample],
    ) -> tuple[Any, Any]:
        """The poses and, where they are wanted, the heatmaps of MMPose."""
        if self.test_cfg.get('output_heatmaps', False):
            inputs = [output.head_input for output in outputs]
            predicted = self.head.predict(
                inputs if len(inputs) > 1 else inputs[0],
                data_samples,
                self.test_cfg,
            )
            if isinstance(predicted, tuple):  # RLEHead has none
                return predicted
        return self.head.decode(distribution.output), None

    def _keep_untrained_trust(
        self, state_dict: dict, prefix: str, *args: Any
    ) -> None:
        """Complete a state dict without a trust head, and warn once.

        That of another trust head is refused: MMEngine would load what fits,
        and trust would be wrong.
        """
        if self.trust_head is None:
            return
        start = f'{prefix}trust_head.'
        own = self.trust_head.state_dict(prefix=start)
        found = {name for name in state_dict if name.startswith(start)}
        if found:
            other = {
                name
                for name in found.symmetric_difference(own)
                if not name.startswith((f'{start}anchor', f'{start}calib'))
            }
            if other:
                raise ValueError(
                    'checkpoint: expected the trust head of the config, '
                    f'found another one ({min(other)} is in one of them '
                    'only); set model.trust_head as it was trained, such as '
                    'its levels'
                )
            return
        state_dict.update(own)
        MMLogger.get_current_instance().warning(
            'The checkpoint holds no trust head: trust is the free score of '
            'the pose network until the head is trained.'
        )


def _wants_extra_scores(test_cfg: dict) -> bool:
    """Return whether ``predict`` is to add the scores of the distribution."""
    value: bool = test_cfg.get('extra_scores', False)
    check_type('model.test_cfg.extra_scores', value, bool)
    return value
