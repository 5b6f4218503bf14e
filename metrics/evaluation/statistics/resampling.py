"""Bootstrap by image: joints are weighted by how often their image is drawn.

A draw takes images with replacement, so all joints of an image come, or stay
away, together. A statistic of a draw is that of the joints weighted by the
number of times that their image is drawn.

Source: Field and Welsh, "Bootstrapping Clustered Data", Journal of the Royal
Statistical Society B, 2007 (the cluster bootstrap).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..evaluation_input import EvaluationInput, Mask


class ImageDraws(NamedTuple):
    """Draws of the images that hold a labeled joint.

    Attributes:
        image: (J,) position of the image of each labeled joint, 0 … I − 1.
        counts: (B, I) how often each draw holds each image.
    """

    image: NDArray[np.int64]
    counts: NDArray[np.int64]

    def select(self, part: Mask | NDArray[np.int64]) -> 'ImageDraws':
        """Return the same draws for some of the joints.

        Args:
            part: (J,) bool, True for the joints to keep, or the positions
                of the joints in their new order.

        Returns:
            The draws of these joints.
        """
        return self._replace(image=self.image[part])

    def joint_weights(self) -> Iterator[NDArray[np.int64]]:
        """Weight each joint by how often its image is drawn.

        Yields:
            (J,) weights of one draw, B times.
        """
        for counts in self.counts:
            yield counts.take(self.image)  # faster than an index


def draw_images(
    joints: EvaluationInput, n_bootstrap: int, seed: int
) -> ImageDraws:
    """Draw images with a labeled joint, with replacement.

    Args:
        joints: Predictions beside the truth.
        n_bootstrap: Number of draws B.
        seed: Seed of the random numbers.

    Returns:
        The draws, of I images each; none where there is one image only.

    Raises:
        ValueError: If ``n_bootstrap`` is negative.

    Example:
        With the ``joints`` of :class:`EvaluationInput`, two in each image:

        >>> draws = draw_images(joints, n_bootstrap=2, seed=0)
        >>> draws.image
        array([0, 0, 1, 1, 2, 2, 3, 3])
        >>> draws.counts
        array([[1, 0, 0, 3],
               [0, 2, 2, 0]])
    """
    if n_bootstrap < 0:
        raise ValueError(
            f'n_bootstrap: expected 0 or more draws, found {n_bootstrap}.'
        )
    per_joint = np.repeat(
        joints.truth.image_ids, joints.truth.labeled.sum(axis=1)
    )
    image = np.unique(per_joint, return_inverse=True)[1]
    num_images = int(image.max()) + 1
    share = np.full(num_images, 1 / num_images)
    size = n_bootstrap if num_images > 1 else 0
    rng = np.random.default_rng(seed)
    return ImageDraws(image, rng.multinomial(num_images, share, size=size))
