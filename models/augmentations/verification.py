"""Views of the crops at test time whose predictions verify a keypoint.

A correct keypoint is found again in other views of the same crop. The
probability that each view gives the disc around the keypoint, averaged, is a
trust that needs no training.

Convention:
    A positive angle turns x toward y about ``((W - 1) / 2, (H - 1) / 2)``;
    a mirrored view is mirrored after it is turned.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..geometry.coordinates import Size2D, mirror_points
from ..option_checks import check_positive, check_range, read_options
from .similarity import SimilarityTransform

_NAME = 'model.test_cfg.verify'


@dataclasses.dataclass(frozen=True)
class VerificationView:
    """A view of the crops.

    Args:
        mirrored: Mirror it left to right.
        angle: Rotation in degrees, in [-180, 180].
        scale: Factor of magnification.
    """

    mirrored: bool = False
    angle: float = 0.0
    scale: float = 1.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_range(f'{_NAME}.views.angle', self.angle, -180, 180)
        check_positive(f'{_NAME}.views.scale', self.scale)

    @property
    def is_mirror(self) -> bool:
        """Whether the view is the mirrored crop of a flip test."""
        return self == VerificationView(mirrored=True)

    def transform(self, like: Tensor) -> SimilarityTransform:
        """Return the rotation and scaling of the view.

        Args:
            like: ``(B,)`` tensor whose device and dtype it takes.

        Returns:
            The transform of B crops.
        """
        angles = torch.full_like(like, math.radians(self.angle))
        return SimilarityTransform(angles, torch.full_like(like, self.scale))

    def apply_to_images(self, images: Tensor, fill: Tensor) -> Tensor:
        """Make the view.

        Args:
            images: ``(B, C, H, W)`` crops.
            fill: ``(C,)`` color of pixels that the crop does not cover.

        Returns:
            ``(B, C, H, W)`` views.
        """
        if self.angle or self.scale != 1:
            like = images.new_zeros(len(images))
            images = self.transform(like).apply_to_images(images, fill)
        return images.flip(-1) if self.mirrored else images

    def apply_to_points(
        self, points: Tensor, input_size: Size2D, flip_indices: Sequence[int]
    ) -> Tensor:
        """Find the keypoints in the view.

        Args:
            points: ``(B, K, 2)`` keypoints in pixels of the crops.
            input_size: Crop size ``(W, H)`` in pixels.
            flip_indices: ``(K,)`` the keypoint that each becomes in a mirror.

        Returns:
            ``(B, K, 2)`` points in pixels of the views, in the order of the
            keypoints that a network predicts there.
        """
        transform = self.transform(points.new_zeros(len(points)))
        points = transform.apply_to_points(points, input_size)
        if not self.mirrored:
            return points
        return mirror_points(points, input_size, flip_indices)

    def restore_order(
        self, values: Tensor, flip_indices: Sequence[int]
    ) -> Tensor:
        """Bring values of the view into the order of the crop's keypoints.

        Args:
            values: ``(B, K)`` values of the keypoints of the view.
            flip_indices: ``(K,)`` the keypoint that each becomes in a mirror.

        Returns:
            ``(B, K)`` the same values.
        """
        return values[:, list(flip_indices)] if self.mirrored else values


DEFAULT_VIEWS = (
    VerificationView(mirrored=True),
    VerificationView(angle=15.0),
    VerificationView(angle=-15.0),
)


def read_views(
    test_cfg: Mapping[str, Any],
) -> tuple[VerificationView, ...]:
    """Read the views of ``test_cfg.verify``.

    Args:
        test_cfg: ``test_cfg`` of the model.

    Returns:
        The views; none where ``verify`` is missing or None. ``verify=dict()``
        is the mirrored view and those turned by 15 degrees either way.

    Raises:
        TypeError: On an unknown key or a value of the wrong type.
        ValueError: On a value out of range, or no view.

    Example:
        >>> [view.angle for view in read_views({'verify': {}})]
        [0.0, 15.0, -15.0]
        >>> read_views({'flip_test': True})
        ()
    """
    given = test_cfg.get('verify')
    if given is None:
        return ()
    if not isinstance(given, Mapping) or set(given) - {'views'}:
        raise TypeError(
            f"{_NAME}: expected a dict with 'views' or an empty one, found "
            f'{given!r}; write for example '
            f'{_NAME}=dict(views=[dict(angle=15.0)])'
        )
    views = given.get('views', DEFAULT_VIEWS)
    if not isinstance(views, (list, tuple)) or not views:
        raise ValueError(
            f'{_NAME}.views: expected a list of views, found {views!r}; '
            'write for example [dict(mirrored=True)], or leave it out'
        )
    return tuple(
        view
        if isinstance(view, VerificationView)
        else read_options(VerificationView, f'{_NAME}.views[{i}]', view)
        for i, view in enumerate(views)
    )
