import pytest
import torch

from self_verify_pose.models.teachers.async_flag import AsyncFlag


def test_flags_on_the_cpu_are_never_reported():
    flag = AsyncFlag()
    assert not flag.poll(torch.tensor(True))
    assert not flag.poll(torch.tensor(True))


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_a_flag_arrives_from_the_gpu():
    flag = AsyncFlag()
    value = torch.ones((), dtype=torch.bool, device='cuda')
    assert not flag.poll(value)
    torch.cuda.synchronize()
    assert flag.poll(value)
