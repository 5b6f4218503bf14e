"""The interface of a trust source: targets of the trust head for one step.

A source is a class that is registered in MMPose's ``MODELS``. It declares
the parts of a training step that it needs and maps the step to targets. A
source of a user's own comes in by ``custom_imports`` and
``model.trust_cfg.source=dict(type='MySource')``::

    @MODELS.register_module()
    class MySource(TrustSource):
        requires = frozenset({'second_view'})

        def targets(self, step):
            return [TrustTarget(step.view, values, mask)]
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence, Set
from typing import Any, Literal, NamedTuple, get_args

from mmpose.registry import MODELS
from torch import Tensor

from ..components import find_class
from ..option_checks import check_type
from ..options import SOURCES, SelfVerifyOptions
from ..output_checks import check_numbers, check_tensor
from .step import AugmentedView, TrainingStep

Requirement = Literal['second_view', 'teacher', 'cache']
_NAME = 'model.trust_cfg.source'
# Shares of the head's residual that may be kept where no labels tell whether
# it helps. Views also agree on wrong keypoints; targets that are averaged with
# the expected correctness of the prediction are pulled to the free score. A
# plausible body explains many wrong keypoints: every share of a head that
# learns from a teacher ranked keypoints worse.
LARGEST_WITHOUT_LABELS = 0.25
LARGEST_OF_AVERAGES = 0.5
LARGEST_OF_TEACHERS = 0.0
_TOLERANCE = 1e-4  # of targets that are rounded


class TrustTarget(NamedTuple):
    """What the trust head learns of one view.

    Args:
        view: The view whose keypoints the head scores.
        values: ``(B, K)`` trust in [0, 1]; any number where the mask is
            False.
        mask: ``(B, K)`` boolean, True where there is a target.
    """

    view: AugmentedView
    values: Tensor
    mask: Tensor


class TrustSource(ABC):
    """Maps a training step to targets of the trust head.

    A source holds no weights: it is no module, so the optimizer, the
    checkpoint and the device of the estimator do not see it.

    Attributes:
        requires: Parts of the step that are computed for the source only
            where it asks for them: ``'second_view'``, the rotated or strongly
            augmented view; ``'teacher'``, the inverse-kinematics teacher;
            ``'cache'``, targets that ``LoadPseudoTrust`` has read.
        supports_strong_view: Whether the source takes a second view that is
            strongly augmented (``consistency_cfg.hard_view``), which there
            then is. Sources whose targets belong to the crop do not.
        uses_labels: Whether the targets need annotated keypoints. Labels of
            held-out images then also decide what is kept of the head;
            otherwise nothing in training reads them.
    """

    requires: frozenset[Requirement] = frozenset()
    supports_strong_view: bool = False
    uses_labels: bool = False

    def largest_share(self, options: SelfVerifyOptions) -> float:
        """Return how much of the head's residual may be kept without labels.

        Args:
            options: All options of the estimator.

        Returns:
            The share in [0, 1]; none of targets that a teacher gave.
        """
        if self.requires & {'teacher', 'cache'}:
            return LARGEST_OF_TEACHERS
        return LARGEST_WITHOUT_LABELS

    @abstractmethod
    def targets(self, step: TrainingStep) -> Sequence[TrustTarget]:
        """Compute the targets of one step.

        Args:
            step: Views, predictions and labels of the step.

        Returns:
            One target for each view that the head is trained on.
        """


def checked_targets(
    source: TrustSource, step: TrainingStep
) -> Sequence[TrustTarget]:
    """Compute the targets of a source and check them.

    Types, shapes and devices are checked in each step, numbers in the first
    one only, since the host waits for the device there.

    Args:
        source: The source.
        step: Views, predictions and labels of the step.

    Returns:
        One target for each view that the head is trained on.

    Raises:
        TypeError: If the source returns something else than targets.
        ValueError: If there is no target, or one has a wrong shape, a wrong
            device or numbers outside [0, 1].
    """
    name = f'{type(source).__name__}.targets'
    targets = source.targets(step)
    if not isinstance(targets, (list, tuple)) or not all(
        isinstance(target, TrustTarget) for target in targets
    ):
        found = type(targets).__name__
        if isinstance(targets, list):
            kinds = dict.fromkeys(type(target).__name__ for target in targets)
            found = f'list of {", ".join(kinds)}'
        raise TypeError(
            f'{name}: expected a list of TrustTarget, found {found}; return '
            '[TrustTarget(view, values, mask)]'
        )
    if not targets:
        raise ValueError(
            f'{name}: expected at least one target, found none; return one '
            'with an empty mask'
        )
    for target in targets:
        _check_target(name, target, step)
    return targets


def _check_target(name: str, target: TrustTarget, step: TrainingStep) -> None:
    view, values, mask = target
    if not isinstance(view, AugmentedView):
        raise TypeError(
            f'{name}: view: expected an AugmentedView, found '
            f'{type(view).__name__}; give step.view or step.second_view'
        )
    device = step.view.output.distribution.sizes.device
    check_tensor(f'{name}: values', values, 'floating', step.shape, device)
    check_tensor(f'{name}: mask', mask, 'boolean', step.shape, device)
    if step.is_first:
        in_range = (values >= -_TOLERANCE) & (values <= 1 + _TOLERANCE)
        check_numbers(
            f'{name}: values',
            values,
            in_range | ~mask,
            'numbers in [0, 1] where the mask is True',
        )


def build_source(options: SelfVerifyOptions) -> TrustSource:
    """Build the source of ``trust_cfg.source``.

    Args:
        options: Options of the estimator.

    Returns:
        The source.

    Raises:
        TypeError: If the config names no trust source.
        ValueError: If there is no such source, or it cannot use a strongly
            augmented view, contrary to the options.
    """
    strong = options.consistency.hard_view is not None
    source = build_component(options.trust.source)
    kind = type(source).__name__
    if strong and not source.supports_strong_view:
        raise ValueError(
            'model.consistency_cfg.hard_view: expected a trust source that '
            f"supports strong views, such as {_NAME}='consistency' or "
            f"'annotation', found {kind}, whose targets belong to the crop "
            'itself; choose another source or set hard_view=None'
        )
    return source


def build_component(
    named: str | Mapping[str, Any], name: str = _NAME
) -> TrustSource:
    """Build a source of its name or its config.

    Args:
        named: Short name or class name of the source, or a config whose
            ``type`` is one of them.
        name: Name of the option, for messages.

    Returns:
        The source.

    Raises:
        TypeError: If the config names no trust source, or what the class
            declares is of a wrong type.
        ValueError: If there is no such source, or it requires something that
            there is not.
    """
    config: Any = {'type': named} if isinstance(named, str) else named
    if isinstance(config, Mapping) and isinstance(config.get('type'), str):
        short = SOURCES.get(config['type'], {'type': config['type']})
        config = {**short, **config, 'type': short['type']}
    find_class(name, config, TrustSource, 'ConsistencyTargets', SOURCES)
    source: TrustSource = MODELS.build(config)
    declared, known = source.requires, get_args(Requirement)
    if not isinstance(declared, Set) or not declared <= set(known):
        raise (ValueError if isinstance(declared, Set) else TypeError)(
            f'{type(source).__name__}.requires: expected a frozenset of some '
            f'of {", ".join(known)}, found {declared!r}; correct it'
        )
    for key in ('supports_strong_view', 'uses_labels'):
        check_type(
            f'{type(source).__name__}.{key}', getattr(source, key), bool
        )
    return source
