"""The loss of a SimCC head on logits that are at hand already."""

from typing import Any

import torch
from torch import Tensor

from ..distributions.simcc import SimCCLogits
from ..sample_fields import Samples, simcc_targets


def simcc_pose_loss(
    head: Any, logits: SimCCLogits, data_samples: Samples
) -> dict[str, Tensor]:
    """Compute what ``RTMCCHead.loss`` computes, without its forward pass.

    Args:
        head: SimCC head; its ``loss_module`` is used.
        logits: What ``head.forward`` gave.
        data_samples: Training samples with SimCC targets.

    Returns:
        ``loss_kpt``, and ``acc_pose``: the share of joints within 5 % of
        the crop's size, averaged over the kinds of joint.
    """
    targets, weights = simcc_targets(data_samples)
    return {
        'loss_kpt': head.loss_module(tuple(logits), tuple(targets), weights),
        'acc_pose': simcc_accuracy(logits.detach(), targets, weights > 0),
    }


def simcc_accuracy(
    logits: SimCCLogits, targets: SimCCLogits, mask: Tensor, thr: float = 0.05
) -> Tensor:
    """Share of joints within ``thr`` of the crop, averaged over joints.

    Stays on the device: no number is read back to the host.

    Args:
        logits: Predicted logits.
        targets: Target distributions of the same shapes.
        mask: ``(B, K)`` boolean, joints that count.
        thr: Threshold on the distance, each axis divided by the length of
            the other one as mmpose's ``simcc_pck_accuracy`` does.

    Returns:
        Scalar in [0, 1]; 0 where nothing counts.
    """
    predicted, true = (
        torch.stack([axis.argmax(-1) for axis in pair], -1).float()
        for pair in (logits, targets)
    )
    lengths = [logits.y.shape[-1], logits.x.shape[-1]]
    scale = torch.stack([predicted.new_full((), n) for n in lengths])
    distance = ((predicted - true) / scale).norm(dim=-1)
    hits = ((distance < thr) & mask).sum(0)
    counts = mask.sum(0)
    per_joint = hits / counts.clamp_min(1)
    return per_joint.sum() / (counts > 0).sum().clamp_min(1)
