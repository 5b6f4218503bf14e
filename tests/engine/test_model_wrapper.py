import pytest
from mmengine.registry import MODEL_WRAPPERS
from torch import nn

from self_verify_pose.engine.model_wrapper import unwrap_model


@pytest.fixture
def wrapper_class():
    class TestModelWrapper(nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

    MODEL_WRAPPERS.register_module(module=TestModelWrapper)
    yield TestModelWrapper
    del MODEL_WRAPPERS._module_dict['TestModelWrapper']


def test_model_inside_a_wrapper_is_returned(wrapper_class):
    model = nn.Linear(2, 2)
    assert unwrap_model(wrapper_class(model)) is model


def test_bare_model_is_returned():
    model = nn.Linear(2, 2)
    assert unwrap_model(model) is model
