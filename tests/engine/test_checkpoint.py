import pytest
import torch
from helpers import BASELINE, SELFVERIFY, build_estimator, load_config, narrow

from self_verify_pose.engine.checkpoint import load_estimator


@pytest.fixture(scope='module')
def config():
    config = load_config(SELFVERIFY)
    narrow(config.model)
    return config


def test_the_weights_are_loaded(config):
    state = build_estimator().state_dict()
    model = load_estimator(config, state, 'x.pth', trust=True)
    assert not model.training
    for name, values in model.state_dict().items():
        torch.testing.assert_close(values, state[name])


def test_trust_needs_weights_of_the_whole_trust_head(config):
    plain = build_estimator(BASELINE).state_dict()
    half = build_estimator().state_dict()
    del half[next(n for n in half if n.startswith('trust_head'))]
    for state in (plain, half):
        with pytest.raises(ValueError, match=r'trust_head\..*none in x\.pth'):
            load_estimator(config, state, 'x.pth', trust=True)
    load_estimator(config, plain, 'x.pth', trust=False)


def test_trust_needs_a_config_with_a_trust_head():
    config = load_config(BASELINE)
    narrow(config.model)
    state = build_estimator().state_dict()
    with pytest.raises(ValueError, match='found a TopdownPoseEstimator'):
        load_estimator(config, state, 'x.pth', trust=True)


def test_other_weights_are_refused(config):
    with pytest.raises(ValueError, match=r'of this arch.*nothing in x\.pth'):
        load_estimator(config, {}, 'x.pth', trust=False)
