"""Training the trust head on stored features, without images."""

from typing import Any

import torch
from mmpose.models import PoseDataPreprocessor
from mmpose.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class StoredFeaturesPreprocessor(PoseDataPreprocessor):
    """:class:`PoseDataPreprocessor` that lets stored evidence through."""

    def forward(
        self, data: dict[str, Any], training: bool = False
    ) -> dict[str, Any]:
        """Move a batch to the device; normalize it if it holds images.

        Args:
            data: ``inputs``, a list of images or of packed evidence, and
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
