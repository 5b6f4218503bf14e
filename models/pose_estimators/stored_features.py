"""Training the trust head on stored features, without images."""

import warnings
from typing import Any

import torch
from mmpose.models import PoseDataPreprocessor
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor

from ..heads.trust_head import TrustHead
from ..trust_targets.cached import read_cached
from .selfverify_topdown import SelfVerifyTopdown


@MODELS.register_module()
class StoredFeaturesTopdown(SelfVerifyTopdown):
    """:class:`SelfVerifyTopdown` that trains on stored features.

    Validation and test work on images as ever.

    Args:
        **kwargs: Arguments of :class:`SelfVerifyTopdown`.

    Raises:
        TypeError: If the trust head is no :class:`TrustHead`.
        ValueError: If the options need more of a step than cached targets.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        options = self.options
        if (
            not self._requires('cache')
            or self.teacher is not None
            or options.consistency.enable
        ):
            raise ValueError(
                'stored features: expected cached targets alone, found '
                f'model.trust_cfg.source={options.trust.source!r}, '
                'model.solvability_cfg.enable or '
                "model.consistency_cfg.enable; set source='cached' and "
                'switch both off'
            )
        if not isinstance(self.trust_head, TrustHead):
            raise TypeError(
                'model.trust_head: expected a TrustHead, which takes stored '
                f'features, found {type(self.trust_head).__name__}; derive '
                'it from TrustHead or train on images'
            )

    def loss(
        self, inputs: Tensor, data_samples: list[PoseDataSample]
    ) -> dict[str, Tensor]:
        """Compute the loss of the trust head.

        Args:
            inputs: ``(B, D)`` packed features, see ``TrustFeatures``.
            data_samples: B samples with cached targets.

        Returns:
            ``loss_trust`` and ``trust_pred_mean``.
        """
        assert isinstance(self.trust_head, TrustHead)  # see __init__
        logits = self.trust_head.forward_packed(inputs)
        return self._trust_losses(
            logits, *read_cached(data_samples, inputs.device), data_samples
        )


@MODELS.register_module()
class StoredFeaturesPreprocessor(PoseDataPreprocessor):
    """:class:`PoseDataPreprocessor` that also takes stored features."""

    def forward(
        self, data: dict[str, Any], training: bool = False
    ) -> dict[str, Any]:
        """Move a batch to the device; normalize it if it holds images.

        Args:
            data: ``inputs``, a list of images or of packed features, and
                ``data_samples``.
            training: As in the base class.

        Returns:
            The batch with stacked inputs.
        """
        rows: list[Tensor] = data['inputs']
        if rows[0].ndim != 1:
            return super().forward(data, training)
        inputs = torch.stack(list(rows)).to(self.device, non_blocking=True)
        return {'inputs': inputs, 'data_samples': data['data_samples']}


@MODELS.register_module()
class EvidencePreprocessor(StoredFeaturesPreprocessor):
    """Old name of :class:`StoredFeaturesPreprocessor`.

    Args:
        **kwargs: Arguments of :class:`StoredFeaturesPreprocessor`.
    """

    def __init__(self, **kwargs: Any) -> None:
        warnings.warn(
            'EvidencePreprocessor is now StoredFeaturesPreprocessor; change '
            'model.data_preprocessor.type',
            DeprecationWarning,
            stacklevel=2,
        )
        super().__init__(**kwargs)
