import pytest
import torch

from self_verify_pose.models.teachers.pseudo_trust import FUSIONS, decay, fuse


def test_fusions():
    one, two = torch.tensor([[0.2, 0.9]]), torch.tensor([[0.6, 0.5]])
    expected = {
        'min': [0.2, 0.5],
        'mean': [0.4, 0.7],
        'solvability': [0.2, 0.9],
        'identifiability': [0.6, 0.5],
    }
    assert set(expected) == set(FUSIONS)
    for name, values in expected.items():
        torch.testing.assert_close(
            fuse(one, two, name)[0], torch.tensor(values)
        )
    with pytest.raises(ValueError, match="'median'"):
        fuse(one, two, 'median')


def test_nan_is_not_hidden_by_the_minimum():
    nan = torch.tensor([[torch.nan]])
    assert fuse(nan, torch.ones(1, 1), 'min').isnan().all()


def test_borderline_joint_gets_the_documented_value():
    assert decay(torch.tensor(0.05), 10.0).item() == pytest.approx(
        0.6065, abs=1e-4
    )
