import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers import BASELINE, build_estimator, packed_batch
from mmpose.codecs import SimCCLabel
from mmpose.evaluation.functional import simcc_pck_accuracy
from mmpose.models.utils.tta import flip_vectors
from training_steps import (
    BINS,
    ENCODING,
    distribution_at,
    random_distribution,
)

from self_verify_pose.models.distributions.simcc import (
    MASS_RADII,
    SimCCDistribution,
    SimCCEncoding,
    SimCCReader,
    simcc_accuracy,
)
from self_verify_pose.skeleton import FLIP

SMALL = SimCCEncoding(input_size=(12, 16), split_ratio=2.0, beta=10.0)
SIZES = torch.tensor([40.0, 70.0])


def small_distribution(sizes=SIZES):
    """Two persons of three keypoints in crops of 12 x 16 pixels."""
    generator = torch.Generator().manual_seed(0)
    x, y = (0.3 * torch.randn(2, 3, n, generator=generator) for n in (24, 32))
    return SimCCDistribution(x, y, SMALL, sizes)


def peaked_distribution(x, y):
    """One keypoint with a narrow bell at a position."""
    axes = [
        1 - ((torch.arange(n) - v * 2.0) ** 2) / 20
        for n, v in zip(BINS, (x, y), strict=True)
    ]
    sizes = torch.tensor([150.0])
    return SimCCDistribution(
        *(axis.expand(1, 1, -1) for axis in axes), ENCODING, sizes
    )


def probabilities(distribution, sample, keypoint):
    """Both axes of one keypoint as lists, computed number by number."""
    axes = []
    for axis in distribution.output:
        raised = [math.exp(10 * v) for v in axis[sample, keypoint].tolist()]
        axes.append([v / sum(raised) for v in raised])
    return axes


def brute_force_correctness(distribution, sample, keypoint):
    """Visit every pair of bins."""
    p, q = probabilities(distribution, sample, keypoint)
    top_x, top_y = p.index(max(p)), q.index(max(q))
    radius = 0.05 * distribution.sizes[sample].item()
    return sum(
        p[i] * q[j]
        for i in range(len(p))
        for j in range(len(q))
        if math.hypot(i - top_x, j - top_y) / 2 <= radius + 1e-9
    )


def brute_force_scores(distribution):
    rows = []
    for b in range(len(distribution.sizes)):
        for k in range(distribution.x.shape[1]):
            tops = [max(axis[b, k].tolist()) for axis in distribution.output]
            p, q = probabilities(distribution, b, k)
            entropy = -sum(v * math.log(v) for v in (*p, *q))
            rows.append(
                (
                    sum(tops) / 2,
                    max(p) * max(q),
                    1 - entropy / math.log(len(p) * len(q)),
                    brute_force_correctness(distribution, b, k),
                )
            )
    columns = torch.tensor(rows).T.reshape(4, len(distribution.sizes), -1)
    names = ('mean', 'peak', 'certainty', 'expected')
    return dict(zip(names, columns, strict=True))


def test_soft_decode_agrees_with_a_plain_loop():
    distribution = random_distribution(1, 3, torch.float64)
    decoded = distribution.soft_decode()
    for keypoint in range(3):
        for axis in range(2):
            weights = [
                math.exp(10 * v)
                for v in distribution.output[axis][0, keypoint]
            ]
            mean = sum(i / 2 * w for i, w in enumerate(weights))
            expected = mean / sum(weights)
            assert decoded[0, keypoint, axis].item() == pytest.approx(expected)


def test_soft_and_hard_decode_agree_on_a_narrow_peak():
    distribution = peaked_distribution(70.5, 121.0)
    expected = torch.tensor([[[70.5, 121.0]]])
    torch.testing.assert_close(distribution.hard_decode(), expected)
    torch.testing.assert_close(
        distribution.soft_decode(), expected, atol=1e-3, rtol=0
    )


@pytest.mark.parametrize('dark', [False, True])
def test_hard_decode_is_the_one_of_mmpose(dark):
    head = build_estimator(BASELINE).head
    head.decoder = SimCCLabel(
        (192, 256), sigma=(4.9, 5.66), simcc_split_ratio=2.0, use_dark=dark
    )
    points = torch.tensor([[[70.3, 121.0], [0.2, 255.0], [96.0, 3.9]]])
    axes = distribution_at(points, torch.tensor([150.0])).output
    axes[1][0, 2] -= 2  # nothing positive: decoded as -1
    found = SimCCReader.from_head(head).read(axes, torch.tensor([150.0]))
    # with DARK mmpose overwrites what it decodes
    copies = [axis.clone().numpy() for axis in axes]
    expected, _ = head.decoder.decode(*copies)
    if dark:
        keypoints = slice(0, 2)  # mmpose refines what it has not found, too
        np.testing.assert_allclose(
            found.hard_decode()[:, keypoints],
            expected[:, keypoints],
            atol=1e-4,
        )
    else:
        np.testing.assert_array_equal(found.hard_decode(), expected)
    assert found.hard_decode()[0, 2].tolist() == [-0.5, -0.5]


def test_mass_and_peak_near_any_point_equal_sums_over_the_grid():
    distribution = small_distribution()
    points = torch.tensor([[2.2, 3.0], [6.0, 8.1], [11.4, 15.0]])
    points = points.expand(2, 3, 2)
    mass = distribution.mass_within(points, 0.05)
    peak = distribution.peak_within(points, 0.05)
    for b in range(2):
        radius = 0.05 * SIZES[b].item() * 2
        for k in range(3):
            x, y = probabilities(distribution, b, k)
            cx, cy = (round(2 * v) for v in points[b, k].tolist())
            expected = sum(
                x[i] * y[j]
                for i in range(24)
                for j in range(32)
                if math.hypot(i - cx, j - cy) <= radius + 1e-6
            )
            assert mass[b, k].item() == pytest.approx(expected, abs=1e-5)
            limits = [
                max(
                    axis[b, k, i].item()
                    for i in range(axis.shape[-1])
                    if abs(i - 2 * c) <= radius + 0.5
                )
                for axis, c in zip(
                    distribution.output, points[b, k].tolist(), strict=True
                )
            ]
            assert peak[b, k].item() == pytest.approx(min(limits))
    own = distribution.peak_within(distribution.hard_decode(), 0.05)
    torch.testing.assert_close(own, distribution.raw_scores())


def test_second_mode_is_the_share_of_another_peak():
    single = peaked_distribution(70.5, 121.0)
    assert single.second_mode().item() < 1e-6
    other = peaked_distribution(150.0, 121.0)
    x = torch.maximum(single.x, other.x - 0.1)
    double = replace(single, x=x)
    # logits that are 0.1 lower, times beta
    assert double.second_mode().item() == pytest.approx(math.exp(-1))


def test_a_constant_added_to_the_logits_changes_no_decode():
    distribution = random_distribution()
    shifted = replace(distribution, x=distribution.x + 3, y=distribution.y - 2)
    torch.testing.assert_close(
        distribution.soft_decode(), shifted.soft_decode()
    )


def test_gradient_of_the_soft_decode():
    generator = torch.Generator().manual_seed(0)
    logits = [
        torch.randn(
            1, 2, n, generator=generator, dtype=torch.float64
        ).requires_grad_()
        for n in (12, 16)
    ]
    encoding, size = SimCCEncoding((6, 8), 2.0, 3.0), torch.tensor([5.0])
    assert torch.autograd.gradcheck(
        lambda x, y: SimCCDistribution(x, y, encoding, size).soft_decode(),
        logits,
    )


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_decoded_in_single(dtype):
    distribution = random_distribution()
    half = replace(
        distribution, x=distribution.x.to(dtype), y=distribution.y.to(dtype)
    )
    decoded = half.soft_decode()
    assert decoded.dtype == torch.float32
    # bfloat16 logits have 3 digits only, so they are compared with the same
    # logits in single precision
    rounded = replace(half, x=half.x.float(), y=half.y.float())
    assert torch.equal(decoded, rounded.soft_decode())
    if dtype == torch.float16:
        torch.testing.assert_close(
            decoded, distribution.soft_decode(), atol=0.2, rtol=0
        )


def test_detach_cuts_the_graph_and_shares_the_data():
    distribution = random_distribution()
    distribution.x.requires_grad_()
    detached = distribution.detach()
    assert distribution.soft_decode().requires_grad
    assert not detached.soft_decode().requires_grad
    assert detached.x.data_ptr() == distribution.x.data_ptr()
    assert detached.sizes is distribution.sizes
    assert detached.input_size == distribution.input_size == (192, 256)


def test_mirrored_is_bit_identical_to_mmpose():
    distribution = random_distribution()
    expected = flip_vectors(*distribution.output, flip_indices=FLIP)
    found = distribution.mirrored(FLIP)
    for one, other in zip(found.output, expected, strict=True):
        assert torch.equal(one, other)
    twice = found.mirrored(FLIP)
    for one, other in zip(twice.output, distribution.output, strict=True):
        assert torch.equal(one, other)


def test_flip_test_is_bit_identical_to_the_pose_head():
    model = build_estimator(BASELINE).eval()
    for parameter in model.head.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    reader = SimCCReader.from_head(model.head)
    batch = packed_batch(model, training=False)
    sizes = torch.tensor([120.0, 150.0, 180.0])
    with torch.no_grad():
        maps = [
            model.extract_feat(inputs)
            for inputs in (batch['inputs'], batch['inputs'].flip(-1))
        ]
        expected = model.head.predict(
            maps, batch['data_samples'], {'flip_test': True}
        )
        one, other = (reader.read(model.head(m), sizes) for m in maps)
    found = one.averaged(other.mirrored(FLIP))
    decoded = model.head.decode(found.output)
    points, scores = found.hard_decode(), found.raw_scores()
    for i, (mine, theirs) in enumerate(zip(decoded, expected, strict=True)):
        for key in ('keypoints', 'keypoint_scores'):
            np.testing.assert_array_equal(mine[key], theirs[key])
        np.testing.assert_array_equal(points[i], theirs.keypoints[0])
        np.testing.assert_array_equal(scores[i], theirs.keypoint_scores[0])


def test_raw_scores_are_the_smaller_maxima():
    distribution = random_distribution()
    expected = np.minimum(*(a.amax(-1).numpy() for a in distribution.output))
    np.testing.assert_array_equal(distribution.raw_scores(), expected)


@pytest.mark.parametrize('size', [0.5, 20.0, 60.0, 100.0, 1000.0])
def test_scores_equal_loops_over_all_bins(size):
    # 20, 60 and 100 put bins right on the rim: radii of 2, 6 and 10 bins
    distribution = small_distribution(torch.tensor([size, 1.7 * size]))
    scores = distribution.scores()
    expected = brute_force_scores(distribution)
    assert scores.keys() == expected.keys()
    for name, values in expected.items():
        torch.testing.assert_close(scores[name], values)
        assert scores[name].dtype == torch.float32


@pytest.mark.parametrize('size', [0.5, 20.0, 60.0, 100.0, 1000.0])
def test_expected_correctness_equals_a_brute_force_sum(size):
    distribution = small_distribution(torch.tensor([size, 1.7 * size]))
    correctness = distribution.expected_correctness()
    expected = torch.tensor(
        [
            [brute_force_correctness(distribution, b, k) for k in range(3)]
            for b in range(2)
        ]
    )
    torch.testing.assert_close(correctness, expected)
    assert torch.equal(correctness, distribution.scores()['expected'])


def test_peak_at_the_border_of_the_crop():
    distribution = small_distribution()
    distribution.x[:, 0, 0] = distribution.y[:, 0, -1] = 2.0
    distribution.x[:, 1, -1] = distribution.y[:, 1, 0] = 2.0
    scores = distribution.scores()
    for name, values in brute_force_scores(distribution).items():
        torch.testing.assert_close(scores[name], values)


def test_a_constant_changes_the_raw_scores_only():
    one = small_distribution()
    moved = replace(one, x=one.x + 0.5, y=one.y + 0.5)
    torch.testing.assert_close(moved.raw_scores(), one.raw_scores() + 0.5)
    before, after = one.scores(), moved.scores()
    torch.testing.assert_close(after.pop('mean'), before.pop('mean') + 0.5)
    assert set(after) == {'peak', 'certainty', 'expected'}
    for name, values in after.items():
        torch.testing.assert_close(values, before[name])


def test_a_one_hot_distribution_is_certain_and_a_flat_one_is_not():
    sizes = torch.tensor([20.0])
    flat = SimCCDistribution(
        torch.ones(1, 1, 24), torch.ones(1, 1, 32), SMALL, sizes
    )
    one_hot = replace(flat, x=flat.x.clone(), y=flat.y.clone())
    one_hot.x[..., 5], one_hot.y[..., 9] = 20.0, 20.0
    for name in ('peak', 'certainty', 'expected'):
        score = one_hot.scores()[name]
        assert score.item() == pytest.approx(1, abs=1e-5)
    scores = flat.scores()
    assert scores['certainty'].item() == pytest.approx(0, abs=1e-5)
    assert scores['peak'].item() == pytest.approx(1 / (24 * 32))
    # the quarter disc of 2 bins around the first bin: 3 + 2 + 1 bins
    assert scores['expected'].item() == pytest.approx(6 / (24 * 32))


def test_half_precision_logits_give_close_float_scores():
    exact = small_distribution()
    half = replace(exact, x=exact.x.half(), y=exact.y.half())
    for one, other in [
        (half.raw_scores(), exact.raw_scores()),
        *((half.scores()[n], values) for n, values in exact.scores().items()),
    ]:
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, other, rtol=0.05, atol=0.02)


def test_statistics_agree_with_numpy():
    distribution = replace(
        random_distribution(1, 2, torch.float64), sizes=torch.tensor([150.0])
    )
    statistics = distribution.statistics()
    assert statistics.shape == (1, 2, len(distribution.statistic_names))
    for keypoint in range(2):
        expected = []
        for axis in distribution.output:
            values = axis[0, keypoint].numpy()
            p = np.exp(10 * values) / np.exp(10 * values).sum()
            at = np.arange(len(p)) / (len(p) - 1)
            mean = (p * at).sum()
            expected += [
                np.log(p.max()),
                -(p * np.log(p)).sum() / np.log(len(p)),
                np.sqrt((p * (at - mean) ** 2).sum()),
                abs(mean - at[p.argmax()]),
                values.max(),
            ]
            for radius in MASS_RADII:
                bins = np.arange(len(p))
                near = abs(bins - p.argmax()) <= radius * 150 * 2
                mass = min(max(p[near].sum(), 1e-4), 1 - 1e-4)
                expected.append(np.log(mass / (1 - mass)))
        np.testing.assert_allclose(
            statistics[0, keypoint], expected, rtol=1e-9
        )


def test_the_names_of_the_statistics_tell_the_columns():
    names = SimCCDistribution.statistic_names
    assert len(set(names)) == len(names)
    column = names.index('y_maximum')
    distribution = random_distribution()
    torch.testing.assert_close(
        distribution.statistics()[..., column], distribution.y.amax(-1)
    )


def test_statistics_stay_finite_at_the_extremes():
    one_hot = torch.zeros(1, 1, 384)
    one_hot[..., 7] = 1e4
    one_hot.requires_grad_()
    flat = torch.zeros(1, 1, 512, requires_grad=True)
    statistics = SimCCDistribution(
        one_hot, flat, ENCODING, torch.tensor([150.0])
    ).statistics()
    assert statistics.isfinite().all()
    statistics.sum().backward()
    assert one_hot.grad.isfinite().all()
    assert flat.grad.isfinite().all()


@pytest.fixture(scope='module')
def head():
    return build_estimator(BASELINE).head


def test_the_reader_takes_the_encoding_from_the_head(head):
    reader = SimCCReader.from_head(head)
    assert reader.encoding == ENCODING
    assert reader.input_size == (192, 256)
    assert SimCCReader.from_head(torch.nn.Linear(2, 2)) is None


def test_peaks_of_the_targets_are_the_true_keypoints(head):
    codec = SimCCLabel(
        (192, 256), sigma=(4.9, 5.66), simcc_split_ratio=2.0, normalize=False
    )
    points = np.random.default_rng(0).uniform(10, 180, (1, 17, 2))
    targets = {
        name: torch.from_numpy(values)
        for name, values in codec.encode(points, np.ones((1, 17))).items()
    }
    read = SimCCReader.from_head(head).read_targets(
        targets, torch.tensor([99.0])
    )
    # targets are rounded to half pixels
    assert np.abs(read.hard_decode().numpy() - points).max() <= 0.25 + 1e-6
    assert read.sizes.tolist() == [99.0]


def test_pose_loss_is_bit_identical_to_that_of_the_head():
    model = build_estimator(BASELINE).eval()
    batch = packed_batch(model)
    features = model.extract_feat(batch['inputs'])
    expected = model.head.loss(features, batch['data_samples'])
    reader = SimCCReader.from_head(model.head)
    targets = {
        field: torch.cat(
            [s.gt_instance_labels[field] for s in batch['data_samples']]
        )
        for field in reader.target_fields
    }
    losses = reader.pose_loss(
        model.head, model.head(features), targets, batch['data_samples'], {}
    )
    assert losses.keys() == expected.keys()
    assert torch.equal(losses['loss_kpt'], expected['loss_kpt'])
    assert losses['acc_pose'].item() == pytest.approx(
        expected['acc_pose'].item()
    )


def test_accuracy_counts_correct_keypoints_as_mmpose_does():
    generator = torch.Generator().manual_seed(0)
    targets = random_distribution(8).output
    logits = (targets[0], targets[1].clone())
    logits[1][:, ::3] = logits[1][:, ::3].roll(200, -1)  # wrong keypoints
    mask = torch.rand(8, 17, generator=generator) > 0.4
    mask[:, 4] = False  # a keypoint without any label
    _, expected, _ = simcc_pck_accuracy(
        *(tuple(a.numpy() for a in pair) for pair in (logits, targets)),
        simcc_split_ratio=2.0,
        mask=mask.numpy(),
    )
    assert 0.5 < expected < 1
    accuracy = simcc_accuracy(logits, targets, mask)
    assert accuracy.item() == pytest.approx(expected)


def test_accuracy_of_nothing_is_zero():
    logits = random_distribution().output
    nothing = torch.zeros(2, 17, dtype=torch.bool)
    assert simcc_accuracy(logits, logits, nothing) == 0


def test_the_free_score_is_the_expected_correctness():
    distribution = random_distribution(1, 3, torch.float64)
    free = distribution.free_score()
    assert free.dtype == torch.float32
    expected = [brute_force_correctness(distribution, 0, k) for k in range(3)]
    assert free[0].tolist() == pytest.approx(expected, abs=1e-6)
