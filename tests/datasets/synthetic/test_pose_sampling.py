from collections import Counter

import numpy as np

from self_verify_pose.datasets.synthetic.body import (
    JOINTS,
    LIMITS,
    PROPORTIONS,
)
from self_verify_pose.datasets.synthetic.pose_sampling import (
    sample_angles,
    sample_ratios,
)


def draw_poses(count, seed=0):
    rng = np.random.default_rng(seed)
    poses = [sample_angles(rng) for _ in range(count)]
    return np.array([angles for angles, _ in poses]), [b for _, b in poses]


def test_angles_stay_inside_the_joint_ranges():
    angles, _ = draw_poses(500)
    assert (angles >= LIMITS[..., 0]).all()
    assert (angles <= LIMITS[..., 1]).all()


def test_poses_vary_and_no_base_dominates():
    angles, bases = draw_poses(500)
    shares = Counter(bases)
    assert len(shares) == 12
    assert max(shares.values()) < 0.35 * 500
    free = LIMITS[..., 1] > LIMITS[..., 0]
    assert (angles.std(0)[free] > 2).all()


def test_left_and_right_are_used_alike():
    angles, _ = draw_poses(2000)
    mean = dict(zip(JOINTS, angles.mean(0), strict=True))
    for part in ('shoulder', 'elbow', 'hip', 'knee', 'ankle'):
        np.testing.assert_allclose(
            mean[f'left_{part}'], mean[f'right_{part}'], atol=6
        )
    assert np.abs(angles[:, :3, 1:].mean(0)).max() < 2


def test_ratios_stay_within_two_deviations():
    rng = np.random.default_rng(0)
    samples = [sample_ratios(rng) for _ in range(200)]
    for name, (mean, std) in PROPORTIONS.items():
        values = np.array([ratios[name] for ratios in samples])
        assert (np.abs(values - mean) <= 2 * std + 1e-12).all()
        assert values.std() > 0.5 * std
