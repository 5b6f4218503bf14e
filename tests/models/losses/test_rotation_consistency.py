import torch

from self_verify_pose.models.augmentations.similarity import (
    SimilarityTransform,
)
from self_verify_pose.models.losses.rotation_consistency import (
    robust_consistency_loss,
    rotation_inconsistency,
)

INPUT_SIZE = (192, 256)


def rotation(*angles, dtype=torch.float64):
    angles = torch.tensor(angles, dtype=dtype)
    return SimilarityTransform(angles, torch.ones_like(angles))


def crop_points():
    generator = torch.Generator().manual_seed(3)
    unit = torch.rand(4, 17, 2, generator=generator, dtype=torch.float64)
    return 60 + unit * 70


def test_a_prediction_that_rotates_with_the_image_is_consistent():
    transform = rotation(0.0, 0.5, -0.3, 3.0)
    rotated = transform.apply_to_points(crop_points(), INPUT_SIZE)
    size = torch.full((4,), 200.0, dtype=torch.float64)
    distance, mask = rotation_inconsistency(
        crop_points(), rotated, transform, size, INPUT_SIZE
    )
    assert distance.max() < 1e-12
    assert mask.all()


def test_distance_is_in_units_of_person_size():
    size = torch.tensor([50.0, 100.0, 200.0, 400.0], dtype=torch.float64)
    moved = crop_points() + torch.tensor([3.0, 4.0], dtype=torch.float64)
    distance, _ = rotation_inconsistency(
        crop_points(), moved, rotation(0, 0, 0, 0), size, INPUT_SIZE
    )
    torch.testing.assert_close(distance, (5 / size)[:, None].expand(4, 17))


def test_joints_that_leave_the_crop_do_not_count():
    points = torch.tensor([[[5.0, 5.0], [95.0, 120.0]]])
    transform = rotation(0.5, dtype=torch.float32)
    _, mask = rotation_inconsistency(
        points, points, transform, torch.tensor([200.0]), INPUT_SIZE
    )
    assert mask.tolist() == [[False, True]]


def test_gradient_of_the_distance():
    points = crop_points()[:1, :3].requires_grad_()
    rotated = (crop_points()[:1, :3] + 5).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda u, r: rotation_inconsistency(
            u,
            r,
            rotation(0.2),
            torch.tensor([150.0], dtype=torch.float64),
            INPUT_SIZE,
        )[0],
        (points, rotated),
    )


def test_gradient_is_finite_where_the_prediction_is_exact():
    points = crop_points().requires_grad_()
    distance, _ = rotation_inconsistency(
        crop_points(),
        points,
        rotation(0, 0, 0, 0),
        torch.ones(4, dtype=torch.float64),
        INPUT_SIZE,
    )
    distance.sum().backward()
    assert points.grad.isfinite().all()


def test_a_magnified_prediction_is_consistent_with_its_crop():
    scales = torch.tensor([0.5, 1.0, 1.3, 2.0], dtype=torch.float64)
    transform = rotation(0.1, 0.2, 0.3, 0.4)._replace(scales=scales)
    predicted = transform.apply_to_points(crop_points(), INPUT_SIZE)
    size = 100 * scales
    distance, _ = rotation_inconsistency(
        crop_points(), predicted + 5, transform, size, INPUT_SIZE
    )
    expected = (50**0.5 / size)[:, None].expand(4, 17)
    torch.testing.assert_close(distance, expected)


def test_the_robust_loss_is_the_weighted_mean_of_a_huber_function():
    distance = torch.tensor([[0.0, 0.02, 0.05], [0.06, 0.5, 9.0]])
    confidence = torch.tensor([[1.0, 0.5, 0.25], [0.8, 0.1, 1.0]])
    mask = torch.tensor([[True, True, True], [True, True, False]])
    total = 0.0
    for d, c, counts in zip(
        distance.flatten(), confidence.flatten(), mask.flatten(), strict=True
    ):
        if counts:
            total += c * (d * d / 0.1 if d <= 0.05 else d - 0.025)
    loss = robust_consistency_loss(distance, confidence, mask, 0.05)
    torch.testing.assert_close(loss, total / 5)


def test_the_robust_loss_of_nothing_is_zero():
    distance = torch.full((2, 3), 0.1, requires_grad=True)
    nothing = torch.zeros(2, 3, dtype=torch.bool)
    loss = robust_consistency_loss(distance, distance.detach(), nothing, 0.05)
    loss.backward()
    assert loss == 0
    assert not distance.grad.any()


def test_gradient_of_the_robust_loss():
    generator = torch.Generator().manual_seed(5)
    distance, confidence = torch.rand(
        2, 3, 4, generator=generator, dtype=torch.float64
    )
    mask = torch.ones(3, 4, dtype=torch.bool)
    distance = (distance / 4).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda d: robust_consistency_loss(d, confidence, mask, 0.05),
        (distance,),
    )
