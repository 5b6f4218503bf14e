from collections import Counter

import numpy as np

from self_verify_pose.datasets.synthetic.outfit import Material, sample_outfit


def sample_outfits(count):
    rng = np.random.default_rng(0)
    return [sample_outfit(rng) for _ in range(count)]


def test_every_style_occurs_and_none_always():
    outfits = sample_outfits(300)
    for name, styles in (
        ('sleeves', {'none', 'short', 'long'}),
        ('legs', {'long', 'short', 'skirt'}),
        ('hair', {'short', 'long', 'tail', 'cap', 'bald'}),
        ('extra', {'none', 'print', 'backpack'}),
    ):
        counts = Counter(getattr(outfit, name) for outfit in outfits)
        assert set(counts) == styles
        assert max(counts.values()) < 0.8 * len(outfits)
    striped = np.mean([outfit.stripes > 0 for outfit in outfits])
    assert 0.1 < striped < 0.3


def test_colors_and_girth_are_in_range():
    for outfit in sample_outfits(100):
        assert outfit.colors.shape == (len(Material), 3)
        assert outfit.colors.min() >= 8
        assert outfit.colors.max() <= 250
        assert 0.82 <= outfit.girth <= 1.28


def test_skin_is_more_red_than_blue():
    skin = np.array([o.colors[Material.SKIN] for o in sample_outfits(100)])
    assert (skin[:, 2] > skin[:, 0]).all()
    assert skin[:, 2].std() > 20
