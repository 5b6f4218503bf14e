"""The switches of :class:`SelfVerifyTopdown`, each with its one default."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args, get_type_hints

TrustSource = Literal['consistency']

_Options = TypeVar('_Options')


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
    """

    enable: bool = True
    max_deg: float = 30.0
    alpha: float = 10.0
    loss_weight: float = 1.0
    use_gt_visible: bool = True

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_range('model.consistency_cfg.max_deg', self.max_deg, 0, 180)
        check_range('model.consistency_cfg.alpha', self.alpha, 0)
        check_range('model.consistency_cfg.loss_weight', self.loss_weight, 0)


@dataclasses.dataclass(frozen=True)
class TrustOptions:
    """Options of the trust head's training (``trust_cfg``).

    Args:
        enable: Build and train the trust head.
        loss_weight: Weight of its loss; not negative.
        source: Where the pseudo-trust comes from.
        detach_pseudo: Let no gradient flow into the pseudo-trust.
        detach_features: Let no gradient of the trust loss reach the pose
            network.
    """

    enable: bool = True
    loss_weight: float = 1.0
    source: TrustSource = 'consistency'
    detach_pseudo: bool = True
    detach_features: bool = True

    def __post_init__(self) -> None:
        """Check the ranges and the source."""
        check_range('model.trust_cfg.loss_weight', self.loss_weight, 0)
        check_choice(
            'model.trust_cfg.source', self.source, get_args(TrustSource)
        )


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
        if key not in types:
            raise TypeError(
                f'{name}: expected one of {", ".join(types)}, found the '
                f"unknown key '{key}'; correct its name or remove it"
            )
        check_type(f'{name}.{key}', value, types[key])
    return kind(**given)


def check_type(name: str, value: Any, expected: Any) -> None:
    """Raise unless a value has the type its option declares.

    Args:
        name: Full name of the option.
        value: Its value.
        expected: ``bool``, ``float`` (which takes an int, too) or a
            ``Literal`` (checked by its choices elsewhere).

    Raises:
        TypeError: If the type differs.
    """
    allowed = {bool: bool, float: (int, float)}.get(expected)
    if allowed is None:
        return
    is_number_from_bool = expected is float and isinstance(value, bool)
    if not isinstance(value, allowed) or is_number_from_bool:
        raise TypeError(
            f'{name}: expected a {expected.__name__}, found {value!r}; give '
            f'{"True or False" if expected is bool else "a number"}'
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
