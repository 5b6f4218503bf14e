import math

import torch

from self_verify_pose.models.distributions.mass import mass_in_disc, mass_near


def random_axes(batch=2, keypoints=3):
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(batch, keypoints, n, generator=generator).softmax(-1)
        for n in (24, 32)
    ]


def test_mass_near_equals_a_loop_over_the_bins():
    probability, _ = random_axes()
    mode = torch.tensor([[0, 11, 23], [2, 5, 20]])  # both borders, too
    reach = torch.tensor([[[0, 2, 40]], [[1, 3, 23]]])
    mass = mass_near(probability, mode, reach)
    for b in range(2):
        for k in range(3):
            for r in range(3):
                expected = sum(
                    probability[b, k, i].item()
                    for i in range(24)
                    if abs(i - mode[b, k]) <= reach[b, 0, r]
                )
                assert math.isclose(mass[b, k, r], expected, abs_tol=1e-6)


def test_mass_in_a_disc_equals_a_loop_over_the_grid():
    x, y = random_axes()
    centers = torch.tensor(
        [
            [[0.0, 0.0], [12.0, 16.0], [23.0, 31.0]],
            [[3.0, 30.0], [20.0, 4.0], [11.0, 9.0]],
        ]
    )
    radii = torch.tensor([5.0, 2.5])  # (3, 4) lies on the rim of the first
    mass = mass_in_disc(x, y, centers, radii)
    for b in range(2):
        for k in range(3):
            cx, cy = centers[b, k].tolist()
            expected = sum(
                (x[b, k, i] * y[b, k, j]).item()
                for i in range(24)
                for j in range(32)
                if math.hypot(i - cx, j - cy) <= radii[b] + 1e-6
            )
            assert math.isclose(mass[b, k], expected, abs_tol=1e-6)


def test_a_disc_of_radius_zero_is_its_center():
    x, y = random_axes()
    centers = torch.tensor([5.0, 7.0]).expand(2, 3, 2)
    mass = mass_in_disc(x, y, centers, torch.zeros(2))
    torch.testing.assert_close(mass, x[..., 5] * y[..., 7])


def test_the_whole_grid_has_probability_one():
    x, y = random_axes()
    centers = torch.stack([axis.argmax(-1) for axis in (x, y)], -1).float()
    mass = mass_in_disc(x, y, centers, torch.tensor([99.0, 99.0]))
    torch.testing.assert_close(mass, torch.ones(2, 3))
