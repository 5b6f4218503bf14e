"""A top-down pose estimator that says which of its joints to trust."""

import inspect
from typing import Any, NamedTuple

import torch
from mmengine.logging import MMLogger
from mmpose.models.pose_estimators import TopdownPoseEstimator
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from mmpose.utils.tensor_utils import to_numpy
from torch import Tensor, nn

from ..augmentations.similarity import SimilarityTransform, random_angles
from ..augmentations.strong import hard_view
from ..distributions.simcc import SimCCLogits, hard_decode
from ..distributions.simcc_scores import simcc_scores
from ..geometry.rotation import rotate_images
from ..heads.trust_features import TrustFeatures
from ..heads.trust_head import DEFAULT_LEVELS
from ..losses.masked import soft_target_bce
from ..losses.pose_loss import simcc_pose_loss
from ..options import (
    ConsistencyOptions,
    SolvabilityOptions,
    TrustOptions,
    check_known,
    check_type,
    read_options,
)
from ..sample_fields import Samples, person_sizes
from .freezing import freeze, freeze_bn_stats
from .pose_output import (
    AugmentedView,
    PoseOutput,
    fuse_views,
    infer_channels,
    normalized_fill,
    simcc_spec,
    trust_of_views,
)
from .pseudo_trust import (
    TeacherOutput,
    TrustTarget,
    annotated_trust,
    cached_trust,
    elementwise_min,
    judge,
    rotation_trust,
    solvability_trust,
)
from .teachers import TEACHERS


class Lesson(NamedTuple):
    """What the trust head is to learn.

    Args:
        shown: What it is shown.
        pseudo: What it should say.
    """

    shown: AugmentedView
    pseudo: TrustTarget


@MODELS.register_module()
class SelfVerifyTopdown(TopdownPoseEstimator):
    """Top-down estimator with a SimCC head that learns to trust its joints.

    In training the crop goes through the pose network once, and a copy
    that is rotated about its center once more. How far the prediction
    fails to turn with the image is a loss for the pose network and, as
    ``exp(-alpha * inconsistency)``, the target of the trust head. The
    upright prediction is the fixed side of the comparison: it gets no
    gradient from it (Xie et al., "An Empirical Study of the Collapsing
    Problem in Semi-Supervised 2D Human Pose Estimation", ICCV 2021).

    With ``consistency_cfg.hard_view`` the second view is harder than a
    rotation alone, and the trust head learns to judge that view, in which
    the errors are.

    Instead, or as well, an inverse-kinematics teacher judges the decoded
    joints: does a plausible body explain them, and do the other joints pin
    each of them down?

    Args:
        trust_head: Config of the trust head; its ``in_channels`` and
            ``num_keypoints`` are taken from the pose network where they are
            not given. Needed where trust is enabled. It reads the maps that
            ``backbone.out_indices`` gives.
        full_param_train: Train everything. False freezes backbone, neck
            and head (no gradients, no BatchNorm statistics, eval mode) and
            trains the trust head alone.
        consistency_cfg: See :class:`ConsistencyOptions`.
        solvability_cfg: See :class:`SolvabilityOptions`.
        trust_cfg: See :class:`TrustOptions`.
        **kwargs: Arguments of :class:`TopdownPoseEstimator`.

    Raises:
        TypeError: On an unknown option or one of the wrong type.
        ValueError: On a value out of range, a head that is no SimCC head,
            or a combination that leaves nothing to train.
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
        _check_names(kwargs)
        check_type('model.full_param_train', full_param_train, bool)
        super().__init__(**kwargs)
        _extra_scores(self.test_cfg)
        self.full_param_train = full_param_train
        self.consistency = read_options(
            ConsistencyOptions, 'model.consistency_cfg', consistency_cfg
        )
        self.solvability = read_options(
            SolvabilityOptions, 'model.solvability_cfg', solvability_cfg
        )
        self.trust = read_options(TrustOptions, 'model.trust_cfg', trust_cfg)
        self.teacher = None
        if self._measures_solvability:
            kind = TEACHERS[self.solvability.teacher]
            self.teacher = kind(**self.solvability.teacher_options())
        self.simcc_spec = simcc_spec(self.head)
        if self._needs_cache and full_param_train:
            raise ValueError(
                'model.full_param_train: expected False with '
                "model.trust_cfg.source='cached', found True: cached labels "
                'judge a pose network that does not change; freeze it or '
                'choose another source'
            )
        if self.consistency.hard_view and self.trust.source in (
            'unified',
            'solvability',
            'cached',
        ):
            raise ValueError(
                'model.consistency_cfg.hard_view: expected '
                "model.trust_cfg.source='consistency' or 'annotation', found "
                f'{self.trust.source!r}, which judges the upright view; '
                'choose another source or set hard_view=None'
            )
        self.trust_head = self._build_trust_head(trust_head)
        if not full_param_train:
            if self.trust_head is None:
                raise ValueError(
                    'expected something to train, found '
                    'model.full_param_train=False with '
                    'model.trust_cfg.enable=False; set one of them to True'
                )
            for module in self._pose_modules():
                freeze(module)
        self._register_load_state_dict_pre_hook(self._keep_untrained_trust)

    def _build_trust_head(self, cfg: dict | None) -> nn.Module | None:
        if not self.trust.enable:
            return None
        if cfg is None:
            raise ValueError(
                'expected a config of the trust head, found '
                'model.trust_head=None; set '
                "model.trust_head=dict(type='TrustHead') or "
                'model.trust_cfg.enable=False'
            )
        channels = infer_channels(self.backbone)
        levels = cfg.get('levels', DEFAULT_LEVELS)
        count = len(channels)
        if any(not -count <= level < count for level in levels):
            raise ValueError(
                f'model.trust_head.levels: expected some of the {count} maps '
                f'that model.backbone gives, found {tuple(levels)}; change '
                'them or model.backbone.out_indices'
            )
        defaults = {
            'in_channels': [channels[level] for level in levels],
            'num_keypoints': self.head.out_channels,
        }
        return MODELS.build({**defaults, **cfg})

    def _pose_modules(self) -> list[nn.Module]:
        neck = [self.neck] if self.with_neck else []
        return [self.backbone, *neck, self.head]

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

    def loss(
        self, inputs: Tensor, data_samples: list[PoseDataSample]
    ) -> dict[str, Tensor]:
        """Compute losses and what is logged beside them.

        Args:
            inputs: ``(B, 3, H, W)`` normalized crops, or ``(B, D)`` stored
                evidence, which needs ``trust_cfg.source='cached'``.
            data_samples: B training samples.

        Returns:
            ``loss_kpt`` and ``acc_pose`` where the pose network trains;
            ``loss_consistency_rot`` where consistency is enabled with a
            weight and the pose network trains; ``rot_inconsistency_mean``
            where it is measured; ``solv_residual_mean``,
            ``solv_energy_mean``, ``pseudo_trust_sol_mean`` and
            ``solv_converged`` where solvability is; ``loss_trust`` and
            ``trust_pred_mean`` where trust is enabled.
        """
        if inputs.ndim == 2:
            return self._loss_from_evidence(inputs, data_samples)
        losses: dict[str, Tensor] = {}
        upright = self._upright_view(inputs, data_samples)
        if self.full_param_train:
            losses.update(
                simcc_pose_loss(self.head, upright.view.logits, data_samples)
            )
        other = self._other_view(inputs, upright) if self._sees_twice else None
        opinions: dict[str, TrustTarget] = {}
        if self._measures_consistency:
            opinions['consistency'], mean = rotation_trust(
                self.consistency,
                self.trust.dist_thr,
                upright,
                other,
                self.simcc_spec,
                data_samples,
            )
            losses['rot_inconsistency_mean'] = mean.detach()
            if self._trains_consistency:
                weight = self.consistency.loss_weight
                losses['loss_consistency_rot'] = weight * mean
        if self.teacher is not None:
            opinions['solvability'], logged = solvability_trust(
                self.teacher,
                self.solvability,
                upright.view.logits,
                self.simcc_spec,
                data_samples,
            )
            losses.update(logged)
        if self._needs_cache:
            opinions['cached'] = cached_trust(data_samples, inputs.device)
        if self.trust_head is not None:
            lessons = self._lessons(upright, other, opinions, data_samples)
            losses.update(self._trust_losses(lessons))
        return losses

    def _lessons(
        self,
        upright: AugmentedView,
        other: AugmentedView | None,
        opinions: dict[str, TrustTarget],
        data_samples: Samples,
    ) -> list[Lesson]:
        hard, source = self.consistency.hard_view, self.trust.source
        if source == 'annotation':
            return [
                Lesson(shown, self._annotated(shown, data_samples))
                for shown in ([upright, other] if hard else [upright])
            ]
        if source == 'unified':
            pseudo = elementwise_min(*opinions.values())
        else:
            pseudo = opinions[source]
        return [Lesson(other if hard else upright, pseudo)]

    def _needs(self, source: str) -> bool:
        return self.trust.enable and self.trust.source in (source, 'unified')

    @property
    def _measures_consistency(self) -> bool:
        return self.consistency.enable or self._needs('consistency')

    @property
    def _sees_twice(self) -> bool:
        annotated = self.trust.enable and self.trust.source == 'annotation'
        return self._measures_consistency or (
            annotated and self.consistency.hard_view is not None
        )

    @property
    def _measures_solvability(self) -> bool:
        return self.solvability.enable or self._needs('solvability')

    @property
    def _needs_cache(self) -> bool:
        return self.trust.enable and self.trust.source == 'cached'

    @property
    def _trains_consistency(self) -> bool:
        return (
            self.full_param_train
            and self.consistency.enable
            and self.consistency.loss_weight > 0
        )

    def view(self, inputs: Tensor) -> PoseOutput:
        """Let the pose network look at crops.

        Args:
            inputs: ``(B, 3, H, W)`` normalized crops.

        Returns:
            What it says about them.
        """
        features = self.extract_feat(inputs)
        return PoseOutput(features, SimCCLogits(*self.head.forward(features)))

    def _upright_view(
        self, inputs: Tensor, data_samples: Samples
    ) -> AugmentedView:
        sizes = person_sizes(data_samples, inputs.device)
        with torch.set_grad_enabled(self.full_param_train):
            view = self.view(inputs)
        return AugmentedView(view, SimilarityTransform.upright(sizes), sizes)

    def _other_view(
        self, inputs: Tensor, upright: AugmentedView
    ) -> AugmentedView:
        head_needs_grad = (
            self.full_param_train
            and self.trust_head is not None
            and not (self.trust.detach_pseudo and self.trust.detach_features)
        )
        with_grad = self._trains_consistency or head_needs_grad
        black = normalized_fill(self.data_preprocessor)
        if self.consistency.hard_view is None:
            angles = random_angles(
                len(inputs), self.consistency.max_deg, inputs
            )
            crops = rotate_images(inputs, angles, black)
            placement = upright.placement._replace(angles=angles)
        else:
            crops, placement = hard_view(
                inputs, self.consistency.hard_view, black
            )
        with (
            torch.set_grad_enabled(with_grad),
            freeze_bn_stats(*self._pose_modules()),
        ):
            view = self.view(crops)
        return AugmentedView(view, placement, upright.sizes * placement.scales)

    def judge_view(
        self, view: PoseOutput, data_samples: list[PoseDataSample]
    ) -> TeacherOutput:
        """Let the teacher judge what the pose network says.

        Args:
            view: What :meth:`view` returns.
            data_samples: Its B samples, with targets.

        Returns:
            The judgment.

        Raises:
            ValueError: If the model has no teacher.
        """
        if self.teacher is None:
            raise ValueError(
                'expected a model with a teacher, found '
                'model.solvability_cfg.enable=False; set it to True'
            )
        return judge(
            self.teacher,
            self.solvability,
            view.logits,
            self.simcc_spec,
            data_samples,
        )

    def evidence(self, view: PoseOutput, sizes: Tensor) -> Tensor:
        """Collect what the trust head reads of a view.

        Args:
            view: What :meth:`view` returns.
            sizes: ``(B,)`` person sizes in pixels of the view.

        Returns:
            ``(B, D)`` rows, which :meth:`loss` takes in place of crops.
        """
        head = self.trust_head
        levels = DEFAULT_LEVELS if head is None else head.levels
        return TrustFeatures.collect(
            [view.features[level] for level in levels],
            view.logits,
            hard_decode(view.logits, self.simcc_spec),
            self.simcc_spec,
            sizes,
        ).packed()

    def _annotated(
        self, shown: AugmentedView, data_samples: Samples
    ) -> TrustTarget:
        return annotated_trust(
            shown.view.logits,
            self.simcc_spec,
            data_samples,
            self.trust.dist_thr,
            shown.placement,
        )

    def _trust_losses(self, lessons: list[Lesson]) -> dict[str, Tensor]:
        shown, pseudo = zip(*lessons, strict=True)
        return self._compare_trust(
            torch.cat([self._trust_logits(one) for one in shown]),
            TrustTarget(*map(torch.cat, zip(*pseudo, strict=True))),
        )

    def _trust_logits(self, shown: AugmentedView) -> Tensor:
        view = shown.view
        if self.trust.detach_features:
            view = view.detach()
        joints = hard_decode(view.logits, self.simcc_spec)
        return self.trust_head(*view, joints, self.simcc_spec, shown.sizes)

    def _loss_from_evidence(
        self, rows: Tensor, data_samples: Samples
    ) -> dict[str, Tensor]:
        if not self._needs_cache or self.teacher or self.consistency.enable:
            raise ValueError(
                'stored evidence: expected cached labels alone, found '
                f'model.trust_cfg.source={self.trust.source!r}, '
                'model.solvability_cfg.enable or '
                "model.consistency_cfg.enable; set source='cached' and "
                'switch both off'
            )
        return self._compare_trust(
            self.trust_head.judge_packed(rows),
            cached_trust(data_samples, rows.device),
        )

    def _compare_trust(
        self, trust_logits: Tensor, pseudo: TrustTarget
    ) -> dict[str, Tensor]:
        targets = pseudo.targets
        if self.trust.detach_pseudo:
            targets = targets.detach()
        loss = soft_target_bce(trust_logits, targets, pseudo.mask)
        return {
            'loss_trust': self.trust.loss_weight * loss,
            'trust_pred_mean': trust_logits.detach().sigmoid().mean(),
        }

    def predict(
        self, inputs: Tensor, data_samples: list[PoseDataSample]
    ) -> list[PoseDataSample]:
        """Predict joints, scores and trust.

        The pose is the one of plain MMPose, bit for bit. With flip test
        the final joints, decoded from the average of both views, are judged
        in both views, and ``keypoint_trust`` is the mean of the two. What the
        checkpoint holds as calibration acts on it last.

        Args:
            inputs: ``(B, 3, H, W)`` normalized crops.
            data_samples: B samples.

        Returns:
            The samples; ``pred_instances`` holds ``keypoints`` ``(N, K, 2)``
            in pixels of the image, ``keypoint_scores`` ``(N, K)`` and, where
            trust is enabled, ``keypoint_trust`` ``(N, K)`` in [0, 1]. With
            ``test_cfg.extra_scores``, it also holds ``simcc_mean``,
            ``simcc_peak``, ``simcc_certainty`` and ``simcc_expected``
            ``(N, K)``, see :class:`SimCCScores`.
        """
        if self.trust_head is None and not _extra_scores(self.test_cfg):
            return super().predict(inputs, data_samples)
        flip = self.test_cfg.get('flip_test', False)
        views, flip_indices = [self.view(inputs)], []
        if flip:
            views.append(self.view(inputs.flip(-1)))
            flip_indices = data_samples[0].metainfo['flip_indices']
        logits = fuse_views(views, flip_indices)
        rows = self._score_rows(views, logits, flip_indices, data_samples)

        predictions, fields = self.head.decode(tuple(logits)), None
        if self.test_cfg.get('output_heatmaps', False):
            levels = [view.features for view in views]
            predictions, fields = self.head.predict(
                levels if flip else levels[0], data_samples, self.test_cfg
            )
        for name, values in rows.items():
            for one, row in zip(predictions, to_numpy(values), strict=True):
                one.set_field(row[None], name)
        return self.add_pred_to_datasample(predictions, fields, data_samples)

    def _score_rows(
        self,
        views: list[PoseOutput],
        logits: SimCCLogits,
        flip_indices: list[int],
        data_samples: Samples,
    ) -> dict[str, Tensor]:
        """Return everything that judges the joints, each ``(B, K)``."""
        rows = {}
        sizes = person_sizes(data_samples, logits.x.device)
        if self.trust_head is not None:
            joints = hard_decode(logits, self.simcc_spec)
            trust = trust_of_views(
                self.trust_head,
                views,
                joints,
                flip_indices,
                self.simcc_spec,
                sizes,
            )
            rows['keypoint_trust'] = self.trust_head.calibration(trust)
        if _extra_scores(self.test_cfg):
            found = simcc_scores(logits, self.simcc_spec, sizes)._asdict()
            # the minimum is keypoint_scores already
            del found['minimum']
            rows |= {f'simcc_{name}': value for name, value in found.items()}
        return rows

    def _keep_untrained_trust(
        self, state_dict: dict, prefix: str, *args: Any
    ) -> None:
        """Complete a state dict without a trust head, and say so once."""
        if self.trust_head is None:
            return
        own = self.trust_head.state_dict(prefix=f'{prefix}trust_head.')
        if not own.keys().isdisjoint(state_dict):
            return
        state_dict.update(own)
        MMLogger.get_current_instance().warning(
            'The checkpoint holds no trust head: it starts from random '
            'weights, and keypoint_trust means nothing until it is trained.'
        )


def _extra_scores(test_cfg: dict) -> bool:
    """Read whether ``predict`` is to add the scores of the logits."""
    value = test_cfg.get('extra_scores', False)
    check_type('model.test_cfg.extra_scores', value, bool)
    return value


def _check_names(given: dict[str, Any]) -> None:
    """Raise if plain MMPose's estimator does not know an argument."""
    kinds = (TopdownPoseEstimator, SelfVerifyTopdown)
    known = [
        name for kind in kinds for name in inspect.signature(kind).parameters
    ]
    known.remove('kwargs')
    for name in given:
        check_known('model', name, known)
