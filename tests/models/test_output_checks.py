import pytest
import torch

from self_verify_pose.models.output_checks import (
    check_losses,
    check_numbers,
    check_tensor,
)

CPU = torch.device('cpu')


@pytest.mark.parametrize(
    ('value', 'kind'),
    [
        (torch.zeros(3, 17), 'floating'),
        (torch.zeros(3, 17).half(), 'floating'),
        (torch.zeros(3, 17) > 0, 'boolean'),
    ],
)
def test_a_number_for_each_keypoint_passes(value, kind):
    check_tensor('X.f', value, kind, (3, 17), CPU)


@pytest.mark.parametrize(
    ('value', 'kind', 'error', 'found'),
    [
        (torch.zeros(3, 1), 'floating', ValueError, r'float32 \(3, 1\) on'),
        (torch.zeros(3, 1), 'boolean', TypeError, r'float32 \(3, 1\) on'),
        (torch.zeros(3, 17) > 0, 'floating', TypeError, 'bool'),
        (torch.zeros(3, 17).int(), 'floating', TypeError, 'int32'),
        (torch.zeros(17), 'floating', ValueError, r'float32 \(17,\)'),
        (torch.zeros(3, 17, 1), 'floating', ValueError, r'\(3, 17, 1\)'),
        (torch.zeros(3, 17, device='meta'), 'floating', ValueError, 'meta'),
        (None, 'floating', TypeError, 'NoneType'),
        ([[0.0] * 17] * 3, 'floating', TypeError, 'list'),
    ],
)
def test_something_else_is_refused_in_one_sentence(value, kind, error, found):
    with pytest.raises(
        error,
        match=rf'^X\.f: expected {kind} \(B, K\) = \(3, 17\) on cpu, found '
        rf'.*{found}.*; return ',
    ):
        check_tensor('X.f', value, kind, (3, 17), CPU)


def test_bad_numbers_are_counted():
    values = torch.tensor([[1.0, 5.0, float('nan')]])
    check_numbers('X.f', values[:, :1], values[:, :1] <= 1, 'small numbers')
    with pytest.raises(
        ValueError,
        match=r'X\.f: expected small numbers, found 5 and 1 more .* of 3; ',
    ):
        check_numbers('X.f', values, values <= 1, 'small numbers')


def test_losses_need_a_loss():
    check_losses('X.f', {'acc': 1, 'loss_kpt': 2})
    for given, error, found in (
        ({'acc': 1}, ValueError, r"\['acc'\]"),
        ({}, ValueError, r'\[\]'),
        (None, TypeError, 'NoneType'),
        ([torch.zeros(())], TypeError, 'list'),
    ):
        with pytest.raises(
            error, match=rf"X\.f: .* contains 'loss', found {found}; name"
        ):
            check_losses('X.f', given)
