"""Read the image of a sample, and name a broken one in one sentence."""

import os
from typing import Any

import cv2
from mmpose.datasets.transforms import LoadImage
from mmpose.registry import TRANSFORMS


class BrokenImageError(ValueError):
    """An image that cannot be read.

    Args:
        message: The sentence; a loader that passes the error on from a worker
            puts a heading and a traceback around it, which are dropped.
    """

    def __init__(self, message: str) -> None:
        name = f'{type(self).__name__}: '
        super().__init__(message.rpartition(name)[2].strip())


@TRANSFORMS.register_module(name='LoadImage', force=True)
class CheckedLoadImage(LoadImage):
    """:class:`mmpose.datasets.transforms.LoadImage` with a clear error.

    It takes the name of MMPose's, so that all pipelines use it.
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Read the image.

        Args:
            results: Sample with ``img_path``, or with ``img`` itself.

        Returns:
            The sample with ``img``, ``(H, W, 3)`` BGR, and its size.

        Raises:
            BrokenImageError: If the file does not exist or is no image.
        """
        try:
            return super().transform(results)
        except (AssertionError, OSError, ValueError, cv2.error) as error:
            path = results.get('img_path')
            found = 'a file that OpenCV cannot read'
            if isinstance(error, OSError) and not os.path.isfile(str(path)):
                found = 'no such file'
            raise BrokenImageError(
                f'image: expected an image at {path}, found {found}; replace '
                'it, or remove it from the annotations'
            ) from None
