"""Options of :class:`SelfVerifyTopdown`, each with its one default."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, get_args

from typing_extensions import Self

from ..constants import DECAY_RATE, PCK_THRESHOLD
from .option_checks import (
    check_choice,
    check_positive,
    check_range,
    read_options,
)
from .teachers.options import TeacherOptions
from .teachers.pseudo_trust import Fusion

# configs of the trust sources that have short names
SOURCES: dict[str, dict[str, Any]] = {
    'consistency': {'type': 'ConsistencyTargets'},
    'solvability': {'type': 'SolvabilityTargets'},
    'unified': {
        'type': 'CombinedTargets',
        'sources': [
            {'type': 'ConsistencyTargets', 'scored_view': 'crop'},
            'solvability',
        ],
    },
    'cached': {'type': 'CachedTargets'},
    'annotation': {'type': 'AnnotationTargets'},
    'agreement': {'type': 'AgreementTargets'},
}
ConsistencyTarget = Literal[
    'self_estimate', 'agreement', 'cross_view_mass', 'decay'
]
TeacherName = Literal['free', 'fk']

_SHARES = ('occlude', 'paste', 'blur', 'low_resolution', 'noise', 'light')


@dataclasses.dataclass(frozen=True)
class StrongAugmentationOptions:
    """Strong augmentation (``consistency_cfg.hard_view``).

    With the defaults a person stays recognizable.

    Args:
        max_deg: Largest rotation in degrees, in [0, 180].
        max_scale: Largest factor of magnification and, inverted, of
            reduction; at least 1.
        occlude: Share of views with one to three patches of one color.
        paste: Share of views into which a patch of another person of the
            batch is pasted.
        blur: Share of views with motion blur.
        low_resolution: Share of views at a half to an eighth of the
            resolution.
        noise: Share of views with Gaussian noise.
        light: Share of views with another brightness and contrast.
    """

    max_deg: float = 35.0
    max_scale: float = 1.3
    occlude: float = 0.3
    paste: float = 0.15
    blur: float = 0.15
    low_resolution: float = 0.15
    noise: float = 0.15
    light: float = 0.3

    def __post_init__(self) -> None:
        """Check the ranges."""
        name = 'model.consistency_cfg.hard_view'
        check_range(f'{name}.max_deg', self.max_deg, 0, 180)
        check_range(f'{name}.max_scale', self.max_scale, 1)
        for key in _SHARES:
            check_range(f'{name}.{key}', getattr(self, key), 0, 1)


@dataclasses.dataclass(frozen=True)
class ConsistencyOptions:
    """Options of rotation consistency (``consistency_cfg``).

    Args:
        enable: Train the pose network with the consistency loss.
        max_deg: Largest angle of the rotated view in degrees, in [0, 180].
        target: Target of the trust head with the source ``'consistency'``:
            ``'decay'``, ``exp(-alpha * distance)`` of the predictions for
            both views; ``'agreement'``, whether the distance is at most
            ``trust_cfg.dist_thr``; ``'self_estimate'``, the mean of the
            agreement and the expected correctness of the scored view;
            ``'cross_view_mass'``, the mean of that and the mass that the
            other view gives the disc around the keypoint.
        alpha: Rate of the decay; the distance is in units of person size;
            not negative.
        loss_weight: Weight of the loss; 0 measures the inconsistency
            without gradients; not negative.
        robust: Take a Huber loss of the distance, of width
            ``trust_cfg.dist_thr`` and weighted by the expected correctness
            of the prediction for the crop. False for the mean distance.
        use_gt_visible: Ignore keypoints without a label.
        hard_view: See :class:`StrongAugmentationOptions`: compare with a
            strongly augmented view, not a rotated one; the trust head then
            reads that view. None for the rotated view.
    """

    enable: bool = True
    max_deg: float = 30.0
    target: ConsistencyTarget = 'self_estimate'
    alpha: float = DECAY_RATE
    loss_weight: float = 1.0
    robust: bool = True
    use_gt_visible: bool = True
    hard_view: StrongAugmentationOptions | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_range('model.consistency_cfg.max_deg', self.max_deg, 0, 180)
        choices = get_args(ConsistencyTarget)
        check_choice('model.consistency_cfg.target', self.target, choices)
        check_range('model.consistency_cfg.alpha', self.alpha, 0)
        check_range('model.consistency_cfg.loss_weight', self.loss_weight, 0)


@dataclasses.dataclass(frozen=True)
class SolvabilityOptions:
    """Options of the inverse-kinematics teacher (``solvability_cfg``).

    Args:
        enable: Run the teacher in training and log its output; it also runs
            where ``trust_cfg.source`` needs it.
        teacher: Body that is fitted: ``'free'`` joints, or ``'fk'``, a
            kinematic chain (needs pytorch-kinematics).
        iterations: Largest number of solver steps; at least 1.
        noise: Standard deviation of a good keypoint, in person sizes.
        width: Width of the robust loss, in person sizes.
        prior_weight: Weight of the pose prior.
        alpha: Solvability is ``exp(-alpha * deleted residual)``.
        use_gt_visible: Ignore keypoints without a label.
        detach: Let no gradient of the trust reach the predicted keypoints.
            False differentiates solvability by the softly decoded
            keypoints, with the fitted body held.
        fusion: Combination of solvability and identifiability to one
            trust.
    """

    enable: bool = False
    teacher: TeacherName = 'free'
    iterations: int = TeacherOptions.iterations
    noise: float = TeacherOptions.noise
    width: float = TeacherOptions.width
    prior_weight: float = TeacherOptions.prior_weight
    alpha: float = TeacherOptions.alpha
    use_gt_visible: bool = True
    detach: bool = True
    fusion: Fusion = TeacherOptions.fusion

    def __post_init__(self) -> None:
        """Check the ranges and the choices."""
        name = 'model.solvability_cfg'
        check_choice(f'{name}.teacher', self.teacher, get_args(TeacherName))
        check_choice(f'{name}.fusion', self.fusion, get_args(Fusion))
        check_range(f'{name}.iterations', self.iterations, 1)
        check_range(f'{name}.alpha', self.alpha, 0)
        for key in ('noise', 'width', 'prior_weight'):
            check_positive(f'{name}.{key}', getattr(self, key))

    def teacher_options(self) -> dict[str, Any]:
        """Return the arguments of the teacher's class.

        Returns:
            Arguments by name.
        """
        names = ('alpha', 'fusion', 'iterations', 'noise', 'width')
        return {n: getattr(self, n) for n in (*names, 'prior_weight')}


@dataclasses.dataclass(frozen=True)
class TrustOptions:
    """Options of the trust head's training (``trust_cfg``).

    Args:
        enable: Build and train the trust head.
        loss_weight: Weight of its loss; not negative.
        source: Source of the targets, by its name or as a config:
            ``'consistency'``, the second view; ``'solvability'``, the
            teacher; ``'unified'``, the smaller of both; ``'cached'``, what
            ``LoadPseudoTrust`` has read from a file; ``'agreement'``, the
            keypoints of another pose estimator, which ``LoadOtherPose`` has
            read; ``'annotation'``, whether the keypoint is correct, the only
            one that needs labels; or a registered ``TrustSource``, such as
            ``dict(type='MySource')``.
        dist_thr: Largest error of a correct keypoint in person sizes, and
            largest distance of predictions that agree.
        detach_pseudo: Let no gradient flow into the targets.
        detach_features: Let no gradient of the trust loss reach the pose
            network.
    """

    enable: bool = True
    loss_weight: float = 1.0
    source: str | dict[str, Any] = 'consistency'
    dist_thr: float = PCK_THRESHOLD
    detach_pseudo: bool = True
    detach_features: bool = True

    def __post_init__(self) -> None:
        """Check the ranges and the source."""
        check_range('model.trust_cfg.loss_weight', self.loss_weight, 0)
        check_positive('model.trust_cfg.dist_thr', self.dist_thr)
        if not isinstance(self.source, str) and not (
            isinstance(self.source, Mapping) and 'type' in self.source
        ):
            raise TypeError(
                'model.trust_cfg.source: expected a name or a dict with '
                f"'type', found {self.source!r}; write for example "
                "source=dict(type='MySource')"
            )


@dataclasses.dataclass(frozen=True)
class SelfVerifyOptions:
    """All options of the estimator that configs give as dictionaries.

    Args:
        consistency: Options of rotation consistency.
        solvability: Options of the inverse-kinematics teacher.
        trust: Options of the trust head's training.
    """

    consistency: ConsistencyOptions
    solvability: SolvabilityOptions
    trust: TrustOptions

    @classmethod
    def read(
        cls,
        consistency_cfg: Mapping[str, Any] | None,
        solvability_cfg: Mapping[str, Any] | None,
        trust_cfg: Mapping[str, Any] | None,
    ) -> Self:
        """Make checked options from the dictionaries of a config.

        Args:
            consistency_cfg: See :class:`ConsistencyOptions`.
            solvability_cfg: See :class:`SolvabilityOptions`.
            trust_cfg: See :class:`TrustOptions`.

        Returns:
            The options; what is not given takes its default.

        Raises:
            TypeError: On an unknown option or one of the wrong type.
            ValueError: On a value out of range, or options that contradict
                each other.
        """
        options = cls(
            read_options(
                ConsistencyOptions, 'model.consistency_cfg', consistency_cfg
            ),
            read_options(
                SolvabilityOptions, 'model.solvability_cfg', solvability_cfg
            ),
            read_options(TrustOptions, 'model.trust_cfg', trust_cfg),
        )
        if not options.solvability.detach and options.trust.detach_pseudo:
            raise ValueError(
                'model.solvability_cfg.detach: expected True, or False '
                'together with model.trust_cfg.detach_pseudo=False, found '
                'False alone, which gives no gradient; set both'
            )
        return options
