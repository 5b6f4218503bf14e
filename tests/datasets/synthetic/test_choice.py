from collections import Counter

import numpy as np

from self_verify_pose.datasets.synthetic.choice import pick


def test_pick_follows_the_weights():
    rng = np.random.default_rng(0)
    counts = Counter(
        pick(rng, {'a': 1.0, 'b': 3.0, 'c': 0.0}) for _ in range(4000)
    )
    assert set(counts) == {'a', 'b'}
    assert abs(counts['b'] / 4000 - 0.75) < 0.03
