"""MMPose's visualizer with keypoints and limbs colored by trust."""

from typing import Any

import cv2
import numpy as np
from mmengine.structures import InstanceData
from mmpose.registry import VISUALIZERS
from mmpose.visualization import PoseLocalVisualizer
from numpy.typing import NDArray

from ...constants import TRUST
from .drawing import TRUST_COLORS

Image = NDArray[np.uint8]


@VISUALIZERS.register_module()
class TrustVisualizer(PoseLocalVisualizer):
    """:class:`mmpose.visualization.PoseLocalVisualizer` that shows trust.

    A limb has the color of the lower trust of its two keypoints, and
    ``kpt_thr`` is the least trust that is drawn. Instances without trust,
    such as ground truth, are drawn as by MMPose.
    """

    kpt_color: Any
    link_color: Any

    def _draw_instances_kpts(
        self,
        image: Image,
        instances: InstanceData,
        kpt_thr: float = 0.3,
        show_kpt_idx: bool = False,
        skeleton_style: str = 'mmpose',
    ) -> Image:
        if TRUST not in instances:
            drawn: Image = super()._draw_instances_kpts(
                image, instances, kpt_thr, show_kpt_idx, skeleton_style
            )
            return drawn
        if skeleton_style != 'mmpose':
            raise ValueError(
                "skeleton_style: expected 'mmpose', found "
                f'{skeleton_style!r}; TrustVisualizer draws no other one'
            )
        colors = self.kpt_color, self.link_color
        try:
            for keypoints, trust in zip(
                instances.keypoints, instances[TRUST], strict=True
            ):
                self.kpt_color = _colors(trust)
                self.link_color = _colors(
                    np.array([trust[list(ends)].min() for ends in self._links])
                )
                one = InstanceData(
                    keypoints=keypoints[None], keypoints_visible=trust[None]
                )
                image = super()._draw_instances_kpts(
                    image, one, kpt_thr, show_kpt_idx
                )
        finally:
            self.kpt_color, self.link_color = colors
        return add_trust_bar(image)

    @property
    def _links(self) -> list[tuple[int, int]]:
        return [] if self.skeleton is None else list(self.skeleton)


def _colors(trust: NDArray[np.floating]) -> Image:
    """Return the ``(N, 3)`` RGB colors of ``(N,)`` trust."""
    return TRUST_COLORS.to_rgba(trust, bytes=True)[:, :3]


def add_trust_bar(image: Image) -> Image:
    """Draw the color scale of trust into the lower left corner.

    Args:
        image: ``(H, W, 3)`` RGB image.

    Returns:
        The image with the scale; as it is where it is too small for one.
    """
    height, width = image.shape[:2]
    scale = np.clip(min(height, width) / 400, 0.5, 3)
    length, thick, margin = (int(n * scale) for n in (120, 8, 6))
    if width < length + 2 * margin or height < 6 * thick:
        return image
    image = image.copy()
    top = height - margin - thick
    bar = _colors(np.linspace(0, 1, length))
    image[top : top + thick, margin : margin + length] = bar
    font, size = cv2.FONT_HERSHEY_SIMPLEX, 0.4 * scale
    for text, share in (('0', 0.0), ('trust', 0.5), ('1', 1.0)):
        wide = cv2.getTextSize(text, font, size, 1)[0][0]
        place = (margin + int((length - wide) * share), top - margin // 2)
        for color, line in ((0, 3), (255, 1)):
            line = max(1, round(line * scale))
            cv2.putText(
                *(image, text, place, font, size, (color,) * 3, line),
                lineType=cv2.LINE_AA,
            )
    return image
