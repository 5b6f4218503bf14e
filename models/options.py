"""The switches of :class:`SelfVerifyTopdown`, each with its one default."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any, Literal, TypeVar, get_args, get_type_hints

from ..constants import PCK_THRESHOLD

TrustSource = Literal[
    'consistency', 'solvability', 'unified', 'cached', 'annotation'
]
StrongViewTarget = Literal['self_estimate', 'agreement', 'decay']
TeacherName = Literal['free', 'fk']
Fusion = Literal['min', 'mean', 'solvability', 'identifiability']

_Options = TypeVar('_Options')
_SHARES = ('occlude', 'paste', 'blur', 'low_resolution', 'noise', 'light')


@dataclasses.dataclass(frozen=True)
class StrongAugmentationOptions:
    """Ingredients of a hard view (``consistency_cfg.hard_view``).

    The defaults bring errors out and leave a person recognizable.

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
        target: What the trust head learns of a hard view: ``'decay'``,
            ``exp(-alpha * distance)`` of its prediction from that of the
            easy view; ``'agreement'``, whether the distance is at most
            ``trust_cfg.dist_thr``; or ``'self_estimate'``, the mean of the
            agreement and the expected correctness of the view.
    """

    max_deg: float = 35.0
    max_scale: float = 1.3
    occlude: float = 0.3
    paste: float = 0.15
    blur: float = 0.15
    low_resolution: float = 0.15
    noise: float = 0.15
    light: float = 0.3
    target: StrongViewTarget = 'self_estimate'

    def __post_init__(self) -> None:
        """Check the ranges."""
        name = 'model.consistency_cfg.hard_view'
        check_range(f'{name}.max_deg', self.max_deg, 0, 180)
        check_range(f'{name}.max_scale', self.max_scale, 1)
        for key in _SHARES:
            check_range(f'{name}.{key}', getattr(self, key), 0, 1)
        choices = get_args(StrongViewTarget)
        check_choice(f'{name}.target', self.target, choices)


@dataclasses.dataclass(frozen=True)
class ConsistencyOptions:
    """Options of rotation consistency (``consistency_cfg``).

    Args:
        enable: Train the pose network with the consistency loss.
        max_deg: Largest angle of the rotated view in degrees, in [0, 180].
        alpha: Pseudo-trust is ``exp(-alpha * inconsistency)``, with the
            inconsistency in units of person size; not negative.
        loss_weight: Weight of the loss; 0 measures the inconsistency
            without gradients; not negative.
        use_gt_visible: Leave joints without a label out.
        hard_view: See :class:`StrongAugmentationOptions`: compare with a
            strongly augmented view, not a rotated one; the trust head then
            reads that view. None for the rotated view.
    """

    enable: bool = True
    max_deg: float = 30.0
    alpha: float = 10.0
    loss_weight: float = 1.0
    use_gt_visible: bool = True
    hard_view: StrongAugmentationOptions | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_range('model.consistency_cfg.max_deg', self.max_deg, 0, 180)
        check_range('model.consistency_cfg.alpha', self.alpha, 0)
        check_range('model.consistency_cfg.loss_weight', self.loss_weight, 0)


@dataclasses.dataclass(frozen=True)
class SolvabilityOptions:
    """Options of the inverse-kinematics teacher (``solvability_cfg``).

    Args:
        enable: Judge the predictions in training; they are also judged
            where ``trust_cfg.source`` needs it.
        teacher: Body that is fitted: ``'free'`` joints, or ``'fk'``, a
            kinematic chain (needs pytorch-kinematics).
        iterations: Largest number of solver steps; at least 1.
        noise: Standard deviation of a good keypoint, in person sizes.
        width: Width of the robust loss, in person sizes.
        prior_weight: Weight of the pose prior.
        alpha: Pseudo-trust is ``exp(-alpha * deleted residual)``.
        use_gt_visible: Leave joints without a label out.
        detach: Judge the decoded joints without gradient. False lets the
            gradient of the solvability reach them, with the body held.
        fusion: How solvability and identifiability make one trust.
    """

    enable: bool = False
    teacher: TeacherName = 'free'
    iterations: int = 50
    noise: float = 0.02
    width: float = 0.05
    prior_weight: float = 1.0
    alpha: float = 10.0
    use_gt_visible: bool = True
    detach: bool = True
    fusion: Fusion = 'min'

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
        """Return the arguments of the teacher's class."""
        names = ('alpha', 'fusion', 'iterations', 'noise', 'width')
        return {n: getattr(self, n) for n in (*names, 'prior_weight')}


@dataclasses.dataclass(frozen=True)
class TrustOptions:
    """Options of the trust head's training (``trust_cfg``).

    Args:
        enable: Build and train the trust head.
        loss_weight: Weight of its loss; not negative.
        source: Where the pseudo-trust comes from: ``'consistency'``,
            ``'solvability'``, ``'unified'``, the smaller of both,
            ``'cached'``, what ``LoadPseudoTrust`` has read from a file, or
            ``'annotation'``, whether the joint is right: the only source
            that needs trust labels.
        dist_thr: Largest error of a right joint in person sizes, for
            ``'annotation'``.
        detach_pseudo: Let no gradient flow into the pseudo-trust.
        detach_features: Let no gradient of the trust loss reach the pose
            network.
    """

    enable: bool = True
    loss_weight: float = 1.0
    source: TrustSource = 'consistency'
    dist_thr: float = PCK_THRESHOLD
    detach_pseudo: bool = True
    detach_features: bool = True

    def __post_init__(self) -> None:
        """Check the ranges and the source."""
        check_range('model.trust_cfg.loss_weight', self.loss_weight, 0)
        check_choice(
            'model.trust_cfg.source', self.source, get_args(TrustSource)
        )
        check_positive('model.trust_cfg.dist_thr', self.dist_thr)


def read_options(
    kind: type[_Options], name: str, given: Mapping[str, Any] | None
) -> _Options:
    """Make checked options from a config dict.

    Args:
        kind: Dataclass of the options.
        name: Name of the dict in the config, for messages.
        given: What the config says; what it leaves out takes its default.

    Returns:
        An instance of ``kind``.

    Raises:
        TypeError: If ``given`` is no dict, holds an unknown key or a value
            of the wrong type.
        ValueError: If a value is out of its range.
    """
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        raise TypeError(
            f'{name}: expected a dict, found {given!r}; write for example '
            f'{name}.enable=True'
        )
    types = get_type_hints(kind)
    for key, value in given.items():
        check_known(name, key, types)
        check_type(f'{name}.{key}', value, types[key])
    nested = {
        key: read_options(_nested(types[key]), f'{name}.{key}', value)
        for key, value in given.items()
        if value is not None and _nested(types[key])
    }
    return kind(**{**given, **nested})


def _nested(expected: Any) -> Any:
    """Return the dataclass of ``SomeOptions | None``, else None."""
    kinds = [k for k in get_args(expected) if dataclasses.is_dataclass(k)]
    return kinds[0] if kinds else None


def check_known(name: str, key: str, known: Collection[str]) -> None:
    """Raise unless a key is one of the known ones.

    Args:
        name: Name of the dict that holds it.
        key: The key.
        known: What it may be.

    Raises:
        TypeError: If it is none of them.
    """
    if key not in known:
        raise TypeError(
            f'{name}: expected one of {", ".join(known)}, found the '
            f"unknown key '{key}'; correct its name or remove it"
        )


def check_type(name: str, value: Any, expected: Any) -> None:
    """Raise unless a value has the type its option declares.

    Args:
        name: Full name of the option.
        value: Its value.
        expected: ``bool``, ``int``, ``float`` (which takes an int, too) or
            a ``Literal`` (checked by its choices elsewhere).

    Raises:
        TypeError: If the type differs.
    """
    allowed = {bool: bool, int: int, float: (int, float)}.get(expected)
    if allowed is None:
        return
    is_number_from_bool = expected is not bool and isinstance(value, bool)
    if not isinstance(value, allowed) or is_number_from_bool:
        kind, hint = {
            bool: ('a bool', 'True or False'),
            int: ('an int', 'a whole number'),
            float: ('a float', 'a number'),
        }[expected]
        raise TypeError(
            f'{name}: expected {kind}, found {value!r}; give {hint}'
        )


def check_range(
    name: str, value: float, low: float, high: float = float('inf')
) -> None:
    """Raise unless ``low <= value <= high``.

    Args:
        name: Full name of the option.
        value: Its value.
        low: Smallest allowed value.
        high: Largest allowed value.

    Raises:
        ValueError: If the value is outside, or NaN.
    """
    if not low <= value <= high:
        wanted = (
            f'at least {low}'
            if high == float('inf')
            else f'between {low} and {high}'
        )
        raise ValueError(
            f'{name}: expected a number {wanted}, found {value}; change it'
        )


def check_positive(name: str, value: float) -> None:
    """Raise unless a value is positive and finite.

    Args:
        name: Full name of the option.
        value: Its value.

    Raises:
        ValueError: If it is not.
    """
    if not 0 < value < float('inf'):
        raise ValueError(
            f'{name}: expected a number above 0, found {value}; change it'
        )


def check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """Raise unless a value is one of the choices.

    Args:
        name: Full name of the option.
        value: Its value.
        choices: What it may be.

    Raises:
        ValueError: If it is none of them.
    """
    if value not in choices:
        names = ', '.join(repr(choice) for choice in choices)
        raise ValueError(
            f'{name}: expected one of {names}, found {value!r}; choose one '
            'of them'
        )
