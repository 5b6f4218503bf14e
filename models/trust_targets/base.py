"""The interface of a trust source: targets of the trust head for one step.

A source is a class that is registered in MMPose's ``MODELS``. It declares
the parts of a training step that it needs and maps the step to targets. A
source of a user's own comes in by ``custom_imports``. A config that inherits
from another one replaces the short name in it by
``model.trust_cfg.source=dict(_delete_=True, type='MySource')``; mmengine
merges no dict into a string. The source itself::

    @MODELS.register_module()
    class MySource(TrustSource):
        requires = frozenset({'second_view'})

        def targets(self, step):
            return [TrustTarget(step.view, values, mask)]
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from mmpose.registry import MODELS
from torch import Tensor

from ..options import SOURCES, SelfVerifyOptions
from .step import AugmentedView, TrainingStep

Requirement = Literal[
    'second_view', 'strong_view', 'teacher', 'cache', 'annotation'
]


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

    Attributes:
        requires: Parts of the step that :meth:`targets` reads:
            ``'second_view'``, the rotated or strongly augmented view;
            ``'strong_view'``, that view where it is strongly augmented;
            ``'teacher'``, the inverse-kinematics teacher; ``'cache'``,
            targets that ``LoadPseudoTrust`` has read; ``'annotation'``, the
            annotated keypoints.
    """

    requires: frozenset[Requirement] = frozenset()

    @abstractmethod
    def targets(self, step: TrainingStep) -> Sequence[TrustTarget]:
        """Compute the targets of one step.

        Args:
            step: Views, predictions and labels of the step.

        Returns:
            One target for each view that the head is trained on.
        """


def build_source(options: SelfVerifyOptions) -> TrustSource:
    """Build the source that ``trust_cfg.source`` names.

    Args:
        options: Options of the estimator.

    Returns:
        The source.

    Raises:
        TypeError: If the registered class is no trust source.
        ValueError: If the source cannot use the strongly augmented view that
            the options ask for.
    """
    named = options.trust.source
    config = source_config(named, options)
    source = build_component('model.trust_cfg.source', config)
    strong = options.consistency.hard_view is not None
    if strong and 'strong_view' not in source.requires:
        raise ValueError(
            'model.consistency_cfg.hard_view: expected '
            "model.trust_cfg.source='consistency' or 'annotation', found "
            f'{named!r}, whose targets belong to the crop itself; choose '
            'another source or set hard_view=None'
        )
    return source


def build_component(name: str, config: dict[str, Any]) -> TrustSource:
    """Build a source of its config.

    Args:
        name: Name of the config, for messages.
        config: A config for ``MODELS.build``.

    Returns:
        The source.

    Raises:
        TypeError: If the registered class is no trust source.
    """
    source = MODELS.build(config)
    if not isinstance(source, TrustSource):
        raise TypeError(
            f'{name}: expected a TrustSource, found '
            f'{type(source).__name__}; derive it from TrustSource'
        )
    return source


def source_config(
    named: str | dict[str, Any], options: SelfVerifyOptions
) -> dict[str, Any]:
    """Return the config of a source.

    Args:
        named: A short name, or the config itself.
        options: Options of the estimator; with ``hard_view`` the source
            ``'consistency'`` is the one of strong augmentation.

    Returns:
        A config for ``MODELS.build``.
    """
    if not isinstance(named, str):
        return dict(named)
    if named == 'consistency' and options.consistency.hard_view is not None:
        return {'type': 'StrongAugmentationTargets'}
    return dict(SOURCES[named])
