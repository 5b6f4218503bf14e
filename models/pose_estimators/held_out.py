"""What a trust head and the free score say of held-out persons.

Held-out persons take no part in the training of the trust head. On them
``TrustSelectionHook`` decides what is kept of it. Sources that use labels are
evaluated by these: whether a predicted keypoint is correct. Other sources are
evaluated without labels: whether the keypoint predicted for a strongly
augmented view agrees with that predicted for the crop.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..augmentations.strong import strong_view
from ..geometry.coordinates import inside_crop
from ..heads.trust_features import TrustFeatures, domain_features
from ..options import StrongAugmentationOptions
from ..sample_fields import Samples, person_sizes
from ..trust_targets.step import PoseOutput, keypoint_distances
from .inspection import normalized_fill
from .prediction import average_features, average_views

if TYPE_CHECKING:
    from .selfverify_topdown import SelfVerifyTopdown

STRONG_VIEWS = 2  # of each held-out person, where there are no labels


class HeldOutScores(NamedTuple):
    """Scores and targets of held-out persons, in one or several views.

    Args:
        free_scores: ``(V, B, K)`` free scores in [0, 1].
        residuals: ``(V, B, K)`` residuals of the trust head.
        correct: ``(V, B, K)`` boolean: correct by the labels, or in agreement
            with the crop.
        targets: ``(V, B, K)`` probability of a correct keypoint: 0 or 1 by
            the labels; without labels the mean of the agreement and the
            expected correctness, since views also agree on wrong keypoints.
        known: ``(V, B, K)`` boolean, True where ``correct`` is known.
        joint_features: ``(V, B, K, C)``, see ``TrustFeatures``.
        scalar_features: ``(V, B, K, S)``, see ``TrustFeatures``; from both a
            ``TrustHead`` predicts its residuals without the pose network.
        domain_features: ``(V, B, C')``, see ``domain_features``.
    """

    free_scores: Tensor
    residuals: Tensor
    correct: Tensor
    targets: Tensor
    known: Tensor
    joint_features: Tensor
    scalar_features: Tensor
    domain_features: Tensor


@torch.no_grad()
def score_held_out(
    model: 'SelfVerifyTopdown', inputs: Tensor, data_samples: Samples
) -> HeldOutScores:
    """Score held-out persons as prediction does, with its flip test.

    Args:
        model: The estimator, in eval mode.
        inputs: ``(B, 3, H, W)`` normalized crops, without augmentation.
        data_samples: B annotated samples.

    Returns:
        The scores: of the crops where the trust source uses labels, else of
        strongly augmented views.
    """
    assert model.source is not None  # the hook needs a trust head
    sizes = person_sizes(data_samples, inputs.device)
    crop = _View(model, inputs, sizes, data_samples)
    limit = model.options.trust.dist_thr
    if model.source.uses_labels:
        truth, labeled = _annotated_keypoints(data_samples, inputs.device)
        correct = crop.errors(truth) <= limit
        row = (*crop.scores(), correct, correct.float(), labeled)
        return HeldOutScores(
            *(values[None] for values in (*row, *crop.features()))
        )
    options = model.options.consistency.hard_view
    if options is None:
        options = StrongAugmentationOptions()
    rows, size = [], model.reader.input_size
    fill = normalized_fill(model.data_preprocessor)
    for _ in range(STRONG_VIEWS):
        images, transform = strong_view(inputs, options, fill)
        view = _View(model, images, sizes * transform.scales, data_samples)
        expected = transform.apply_to_points(crop.keypoints, size)
        agrees = view.errors(expected) <= limit
        targets = (agrees + view.distribution.expected_correctness()) / 2
        inside = inside_crop(expected, size)
        row = (*view.scores(), agrees, targets, inside)
        rows.append((*row, *view.features()))
    return HeldOutScores(*map(torch.stack, zip(*rows, strict=True)))


class _View:
    """Prediction for a view, averaged over both views of a flip test."""

    def __init__(
        self,
        model: 'SelfVerifyTopdown',
        images: Tensor,
        sizes: Tensor,
        data_samples: Samples,
    ) -> None:
        self.outputs: list[PoseOutput] = [model.pose_output(images, sizes)]
        flip_indices: list[int] = []
        if model.test_cfg.get('flip_test', False):
            self.outputs.append(model.pose_output(images.flip(-1), sizes))
            flip_indices = data_samples[0].metainfo['flip_indices']
        self.distribution = average_views(
            self.outputs, flip_indices, model.test_cfg
        )
        self.keypoints = self.distribution.hard_decode()
        self.sizes = sizes
        assert model.trust_head is not None  # the hook needs one
        self.head = model.trust_head
        self.maps = average_features(self.outputs)

    def errors(self, points: Tensor) -> Tensor:
        """``(B, K)`` distances to points of the view, in person sizes."""
        distances = keypoint_distances(self.keypoints, points)
        return distances / self.sizes[:, None]

    def scores(self) -> tuple[Tensor, Tensor]:
        """``(B, K)`` free scores and residuals."""
        residuals = self.head(self.maps, self.distribution, self.keypoints)
        return self.distribution.free_score(), residuals.float()

    def features(self) -> tuple[Tensor, Tensor, Tensor]:
        """Input of a ``TrustHead``, and the features of the domain."""
        levels = [self.maps[level] for level in self.head.levels]
        domain = domain_features(
            self.maps, self.keypoints, self.distribution.input_size
        )
        return (
            *TrustFeatures.collect(levels, self.distribution, self.keypoints),
            domain,
        )


def _annotated_keypoints(
    data_samples: Samples, device: torch.device
) -> tuple[Tensor, Tensor]:
    """``(B, K, 2)`` labels in pixels of the crop, and where there are any.

    They are placed as MMPose places predictions in the image.
    """
    points, labeled = [], []
    for sample in data_samples:
        meta, truth = sample.metainfo, sample.gt_instances
        scale = np.ravel(meta['input_scale'])
        corner = np.ravel(meta['input_center']) - 0.5 * scale
        share = (np.asarray(truth.keypoints)[0, :, :2] - corner) / scale
        points.append(share * np.asarray(meta['input_size']))
        visible = np.asarray(truth.keypoints_visible)[0]
        labeled.append(visible.reshape(len(visible), -1)[:, 0] > 0)
    return (
        torch.from_numpy(np.stack(points).astype(np.float32)).to(device),
        torch.from_numpy(np.stack(labeled)).to(device),
    )
