"""Check whether further predictions are like those of a certificate."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from .optional import import_optional

LEVEL = 0.05
_FEWEST = 10
_MAX_IMAGES = 5000

Floats = NDArray[np.float64]


class ShiftCheck(NamedTuple):
    """Comparison of the scores of images with those of a certificate.

    Args:
        images: Number of further images.
        mean: Mean score of the further images.
        expected: Mean score of the images of the certificate.
        two_sample: P-value of the test of Kolmogorov and Smirnov.
        exchangeability: P-value of a conformal martingale over the further
            images in their order.
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


def check_shift(
    image_means: Floats, expected: Floats, seed: int = 0
) -> ShiftCheck:
    """Compare the mean scores of images with those of a certificate.

    The two-sample test compares the distributions. The exchangeability test
    gives each further image the rank of its score among those before it and
    bets against uniform ranks, which also finds a drift within the further
    images. Each is done at half of the level.

    Args:
        image_means: ``(I,)`` mean scores of further images, in their order.
        expected: ``(J,)`` mean scores of the images of the certificate.
        seed: Seed of the order of the latter and of ties.

    Returns:
        The comparison.

    Raises:
        ValueError: If there are fewer than ten images of either kind.

    References:
        Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World,
        2022, Chapter 8: the Simple Jumper martingale.
    """
    for what, values in (('new', image_means), ('certified', expected)):
        if len(values) < _FEWEST:
            raise ValueError(
                f'check: expected at least {_FEWEST} {what} images, found '
                f'{len(values)}; give more predictions'
            )
    rng = np.random.default_rng(seed)
    before = rng.permutation(expected)[:_MAX_IMAGES]
    stream = np.concatenate([before, image_means[:_MAX_IMAGES]])
    crepes = import_optional('crepes.martingales', 'decisions')
    p_values = crepes.semi_online_p_values(stream, seed)[len(before) :]
    capital = crepes.SimpleJumper().apply(p_values)
    return ShiftCheck(
        len(image_means),
        float(image_means.mean()),
        float(expected.mean()),
        float(ks_2samp(image_means, expected).pvalue),
        float(min(1.0, 1 / capital.max())),
    )
