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
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, get_args

from mmpose.registry import MODELS
from torch import Tensor

from ..options import SOURCES, SelfVerifyOptions
from .step import AugmentedView, TrainingStep

Requirement = Literal['second_view', 'teacher', 'cache']
_NAME = 'model.trust_cfg.source'


class TrustTarget(NamedTuple):
    """What the trust head learns of one view.

    Args:
        view: The view whose keypoints the head scores.
        values: ``(B, K)`` trust in [0, 1].
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
    """

    requires: frozenset[Requirement] = frozenset()
    supports_strong_view: bool = False

    @abstractmethod
    def targets(self, step: TrainingStep) -> Sequence[TrustTarget]:
        """Compute the targets of one step.

        Args:
            step: Views, predictions and labels of the step.

        Returns:
            One target for each view that the head is trained on.
        """


def build_source(options: SelfVerifyOptions) -> TrustSource:
    """Build the source of ``trust_cfg.source``.

    Args:
        options: Options of the estimator.

    Returns:
        The source.

    Raises:
        TypeError: If the registered class is no trust source.
        ValueError: If there is no such source, it requires something that
            there is not, or cannot use the strongly augmented view that the
            options ask for.
    """
    strong = options.consistency.hard_view is not None
    source = build_component(options.trust.source, strong)
    if strong and not source.supports_strong_view:
        raise ValueError(
            'model.consistency_cfg.hard_view: expected a trust source that '
            f"supports strong views, such as {_NAME}='consistency' or "
            f"'annotation', found {type(source).__name__}, whose targets "
            'belong to the crop itself; choose another source or set '
            'hard_view=None'
        )
    return source


def build_component(
    named: str | Mapping[str, Any], strong: bool = False
) -> TrustSource:
    """Build a source of its name or its config.

    Args:
        named: Short name or class name of the source, or a config whose
            ``type`` is one of them.
        strong: Whether the second view is strongly augmented; the source
            ``'consistency'`` is then that of strong augmentation.

    Returns:
        The source.

    Raises:
        TypeError: If the registered class is no trust source.
        ValueError: If there is no such source, or it requires something that
            there is not.
    """
    config = {'type': named} if isinstance(named, str) else dict(named)
    if config['type'] == 'consistency' and strong:
        config['type'] = 'StrongAugmentationTargets'
    config = {**config, **SOURCES.get(config['type'], {})}
    if isinstance(config['type'], str) and MODELS.get(config['type']) is None:
        names = ', '.join(map(repr, SOURCES))
        raise ValueError(
            f'{_NAME}: expected {names} or the name of a registered '
            f'TrustSource, found {config["type"]!r}; correct the name, or '
            'import the module of the class by custom_imports'
        )
    source = MODELS.build(config)
    if not isinstance(source, TrustSource):
        raise TypeError(
            f'{_NAME}: expected a TrustSource, found '
            f'{type(source).__name__}; derive it from TrustSource'
        )
    unknown = set(source.requires) - set(get_args(Requirement))
    if unknown:
        raise ValueError(
            f'{type(source).__name__}.requires: expected a frozenset of some '
            f'of {", ".join(get_args(Requirement))}, found '
            f'{", ".join(sorted(unknown))}; correct the names'
        )
    return source
