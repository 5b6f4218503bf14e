"""Images with many expected wrong joints, in different poses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..posthoc.persons import Floats, PredictedPersons

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class ImageCandidates:
    """Images with the persons that were predicted in them.

    Attributes:
        image_ids: ``(M,)`` id of each image.
        image_of: ``(N,)`` position in ``image_ids`` of each person's image.
        expected_wrong: ``(M,)`` expected number of wrong joints.
        features: ``(M, F)`` pose of each image's person with the most
            expected wrong joints.
        worst: ``(M,)`` position of that person.
    """

    image_ids: NDArray[np.generic]
    image_of: Positions
    expected_wrong: Floats
    features: Floats
    worst: Positions

    @classmethod
    def of_persons(
        cls,
        persons: PredictedPersons,
        trust: Floats,
        image_ids: NDArray[np.generic],
    ) -> 'ImageCandidates':
        """Sum up the persons of each image.

        Args:
            persons: N persons with K joints.
            trust: ``(N, K)`` probability that each joint is correct.
            image_ids: ``(N,)`` id of each person's image.

        Returns:
            The images. Their features are the joints from the box center in
            person sizes, divided by the square root of K: a distance of two
            is the root mean square of the distances of their joints.
        """
        names, image_of = np.unique(image_ids, return_inverse=True)
        wrong = (1 - trust).sum(1)
        expected = np.bincount(image_of, wrong, len(names)).astype(float)
        # of each image the first one in the order of descending numbers
        order = np.lexsort((-wrong, image_of))
        first = np.unique(image_of[order], return_index=True)[1]
        worst = order[first]
        count, joints = trust.shape
        poses = persons.points.reshape(count, -1) / np.sqrt(joints)
        return cls(names, image_of, expected, poses[worst], worst)


def select_images(
    expected_wrong: Floats, features: Floats, count: int, spread: float
) -> Positions:
    """Choose images with many expected wrong joints and different poses.

    Of the images with the most expected wrong joints, ``spread`` times as
    many as wanted, greedy k-center takes those that are far from each other:
    first the image with the most, then each time the one that is farthest
    from all that were taken (Gonzalez, Theoretical Computer Science 1985; for
    labeling: Sener and Savarese, ICLR 2018).

    Args:
        expected_wrong: ``(M,)`` expected number of wrong joints.
        features: ``(M, F)`` poses, or anything that tells images apart.
        count: Number of images to choose.
        spread: Candidates for each chosen image; 1 takes those with the most
            expected wrong joints, whatever their poses.

    Returns:
        ``(count,)`` positions, by descending number of expected wrong joints.

    Raises:
        ValueError: If there are fewer images, or the spread is below 1.
    """
    if not 1 <= count <= len(expected_wrong):
        raise ValueError(
            f'count: expected 1 to {len(expected_wrong)} images, as there '
            f'are, found {count}; choose another number.'
        )
    if not spread >= 1:
        raise ValueError(
            f'spread: expected at least 1 candidate for each image, found '
            f'{spread}; choose another number.'
        )
    size = min(len(expected_wrong), int(np.ceil(spread * count)))
    candidates = np.argsort(-expected_wrong, kind='stable')[:size]
    places = features[candidates]
    chosen = [0]
    nearest = np.full(size, np.inf)
    for _ in range(count - 1):
        offset = places - places[chosen[-1]]
        np.minimum(nearest, (offset**2).sum(1), out=nearest)
        nearest[chosen] = -1  # also where poses are the same
        chosen.append(int(nearest.argmax()))
    return candidates[np.sort(chosen)]
