import numpy as np
import pytest
import torch
from study_columns import K, N, V

from self_verify_pose.tools.study.training_targets import (
    annotation_targets,
    crop_annotation_targets,
    mixed_targets,
    rotation_targets,
    solvability_targets,
    strong_view_targets,
    unified_targets,
)


def test_annotation_teaches_every_view_and_the_easy_one_alone(columns):
    everything = annotation_targets(columns)
    assert everything.targets.shape == (N * V, K)
    easy = crop_annotation_targets(columns)
    assert torch.equal(easy.targets, columns['correct'][:, 0].float())
    assert torch.equal(easy.mask, columns['has_label'][:, 0])
    assert torch.equal(easy.features, columns['features'][:, 0])
    assert torch.equal(everything.features[V], columns['features'][1, 0])


def test_strong_views_teach_the_view_that_moved_without_labels(columns):
    data = strong_view_targets(columns, 'decay')
    assert data.targets.shape == (N * (V - 1), K)
    assert data.targets[0, 0] == pytest.approx(
        np.exp(-10 * columns['distance'][0, 1, 0].item())
    )
    torch.testing.assert_close(data.features[1], columns['features'][0, 2])
    del columns['correct'], columns['has_label']
    for target in ('agreement', 'self_estimate'):
        strong_view_targets(columns, target)


def test_the_mixture_prefers_labels(columns):
    data = mixed_targets(columns)
    for person, view, joint in [(0, 0, 0), (1, 1, 5), (7, 2, 16), (9, 0, 3)]:
        row = person * V + view
        known = columns['has_label'][person, view, joint]
        inside = columns['inside'][person, view, joint]
        expected = known or (inside and view > 0)
        assert data.mask[row, joint] == expected
        agree = columns['distance'][person, view, joint] <= 0.05
        target = (agree.float() + columns['expected'][person, view, joint]) / 2
        if known:
            target = columns['correct'][person, view, joint].float()
        assert data.targets[row, joint] == target


def test_unified_takes_the_smaller_opinion(columns):
    rotation, solvability = (
        rotation_targets(columns),
        solvability_targets(columns),
    )
    assert not solvability.mask[:3].any()
    data = unified_targets(columns)
    both = rotation.mask & solvability.mask
    assert both.any()
    smaller = torch.minimum(rotation.targets, solvability.targets)
    assert torch.equal(data.targets[both], smaller[both])
    assert torch.equal(data.mask, rotation.mask | solvability.mask)
