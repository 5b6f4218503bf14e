import sys

import pytest
import torch

from self_verify_pose.models.kinematics.chain import load_chain
from self_verify_pose.skeleton import JOINTS


def test_parents_come_before_their_children():
    pytest.importorskip('pytorch_kinematics')
    chain = load_chain()
    for level in chain.levels:
        assert (chain.parents[level] < level.start).all()
    assert chain.tips.shape == (len(JOINTS),)
    assert (chain.low < chain.high).all()


def test_a_copy_in_single_precision_keeps_indices():
    pytest.importorskip('pytorch_kinematics')
    chain = load_chain()
    copy = chain.to(torch.device('cpu'), torch.float32)
    assert copy.offsets.dtype == torch.float32
    assert torch.equal(copy.tips, chain.tips)
    assert copy.tips.dtype == chain.tips.dtype


def test_missing_dependency_names_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, 'pytorch_kinematics', None)
    with pytest.raises(ImportError, match='pip install pytorch-kinematics'):
        load_chain()
