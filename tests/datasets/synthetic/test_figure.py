from dataclasses import replace

import numpy as np
import pytest

from self_verify_pose.datasets.synthetic.body import (
    JOINTS,
    PROPORTIONS,
    pose_body,
)
from self_verify_pose.datasets.synthetic.figure import dress
from self_verify_pose.datasets.synthetic.outfit import Material, sample_outfit
from self_verify_pose.datasets.synthetic.raster import Capsule

RATIOS = {name: ratio.mean for name, ratio in PROPORTIONS.items()}
BODY = pose_body(np.zeros((len(JOINTS), 3)), 1.7, RATIOS)
PLAIN = replace(
    sample_outfit(np.random.default_rng(0)),
    sleeves='long',
    legs='long',
    hair='bald',
    extra='none',
    girth=1.0,
)


def materials(first_label=1, **changes):
    """Return the number of shapes of each material."""
    shapes = dress(BODY, replace(PLAIN, **changes), first_label)
    labels = [shape.label - first_label for shape in shapes]
    return np.bincount(labels, minlength=len(Material))


def test_labels_are_counted_from_the_first_one():
    np.testing.assert_array_equal(materials(1), materials(20))


@pytest.mark.parametrize(
    ('changes', 'material', 'more'),
    [
        ({'hair': 'long'}, Material.HAIR, 2),
        ({'hair': 'tail'}, Material.HAIR, 3),
        ({'hair': 'cap'}, Material.ACCENT, 2),
        ({'extra': 'print'}, Material.ACCENT, 1),
        ({'extra': 'backpack'}, Material.ACCENT, 3),
        ({'sleeves': 'none'}, Material.SKIN, 8),
        ({'legs': 'short'}, Material.SKIN, 6),
    ],
)
def test_clothes_and_hair_add_shapes(changes, material, more):
    assert materials(**changes)[material] - materials()[material] == more


def test_girth_makes_the_limbs_thicker_but_not_longer():
    thin, thick = (
        [
            shape
            for shape in dress(BODY, replace(PLAIN, girth=girth), 1)
            if isinstance(shape, Capsule)
            and shape.label == 1 + Material.SLEEVE
        ]
        for girth in (1.0, 1.2)
    )
    assert len(thin) == len(thick) > 0
    for one, other in zip(thin, thick, strict=True):
        np.testing.assert_array_equal(one.end, other.end)
        np.testing.assert_allclose(other.radii, np.multiply(one.radii, 1.2))
