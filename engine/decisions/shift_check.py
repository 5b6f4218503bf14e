"""Check whether further predictions are like those of a certificate."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from .optional import import_optional

LEVEL = 0.05
MAX_IMAGES = 1000  # of a certificate
_FEWEST = 10
_COMPARED = 250  # images of each kind in the two-sample test
_PERMUTATIONS = 499

Floats = NDArray[np.float64]


class ShiftCheck(NamedTuple):
    """Comparison of the scores of images with those of a certificate.

    Args:
        images: Number of further images.
        mean: Mean score of the further images.
        expected: Mean score of the images of the certificate.
        two_sample: P-value of the two-sample test.
        exchangeability: P-value of the exchangeability test.
    """

    images: int
    mean: float
    expected: float
    two_sample: float
    exchangeability: float

    @property
    def differs(self) -> bool:
        """Whether the images differ; by chance at most in 5 % of the cases."""
        return min(self.two_sample, self.exchangeability) < LEVEL / 2

    def describe(self) -> str:
        """Say what was found.

        Returns:
            Two or three sentences.
        """
        found = (
            f'{self.images} images with a mean score of {self.mean:.3f}, in '
            f'the certificate {self.expected:.3f}; p-value of the two-sample '
            f'test {self.two_sample:.2g}, of the exchangeability test '
            f'{self.exchangeability:.2g}.'
        )
        if self.differs:
            return (
                f'{found}\nThese images are not like those of the '
                'certificate: its promise does not carry over to them. Label '
                'some of them, and choose the thresholds anew.'
            )
        return (
            f'{found}\nNo difference from the images of the certificate was '
            'found. That is no proof: the scores may look alike where the '
            'joints are wrong more often.'
        )


def check_shift(new: Floats, expected: Floats, seed: int = 0) -> ShiftCheck:
    """Compare the scores of images with those of a certificate.

    The two-sample test compares the joints' mean scores by the energy
    distance, with permutations of the images. The exchangeability test gives
    each further image the rank of its mean score among those before it and
    bets against uniform ranks, which also finds a drift within the further
    images. Each is done at half of the level.

    Args:
        new: ``(I, K)`` mean score of each joint in further images, in their
            order.
        expected: ``(J, K)`` the same of the images of the certificate.
        seed: Seed of the permutations and of ties.

    Returns:
        The comparison.

    Raises:
        ValueError: If there are fewer than ten images of either kind, or the
            numbers of joints differ.

    References:
        Székely and Rizzo, Energy statistics, Journal of Statistical Planning
        and Inference 2013. Vovk, Gammerman and Shafer, Algorithmic Learning
        in a Random World, 2022, Chapter 8: the Simple Jumper martingale.
    """
    for what, values in (('new', new), ('certified', expected)):
        if len(values) < _FEWEST:
            raise ValueError(
                f'check: expected at least {_FEWEST} {what} images, found '
                f'{len(values)}; give more predictions'
            )
    if new.shape[1] != expected.shape[1]:
        raise ValueError(
            f'check: expected {expected.shape[1]} joints, as in the '
            f'certificate, found {new.shape[1]}; give predictions of the '
            'same skeleton'
        )
    rng = np.random.default_rng(seed)
    before = rng.permutation(expected.mean(1))
    stream = np.concatenate([before, new.mean(1)[: 5 * MAX_IMAGES]])
    crepes = import_optional('crepes.martingales', 'decisions')
    p_values = crepes.semi_online_p_values(stream, seed)[len(before) :]
    capital = crepes.SimpleJumper().apply(p_values)
    sample, reference = (
        rng.permutation(part)[:_COMPARED] for part in (new, expected)
    )
    return ShiftCheck(
        len(new),
        float(new.mean()),
        float(expected.mean()),
        _energy_test(sample, reference, rng),
        float(min(1.0, 1 / capital.max())),
    )


def _energy_test(
    new: Floats, expected: Floats, rng: np.random.Generator
) -> float:
    """P-value of equal distributions, by permutation."""
    both = np.concatenate([new, expected])
    distance = cdist(both, both)
    one = np.arange(len(both)) < len(new)
    groups = [one, *(rng.permutation(one) for _ in range(_PERMUTATIONS))]
    first = np.array(groups, np.float64) / len(new)
    second = (1 - np.array(groups)) / len(expected)
    difference = first - second
    # twice the distance between both less those within each
    energy = -((difference @ distance) * difference).sum(1)
    return float(np.mean(energy >= energy[0] * (1 - 1e-12)))
