import pytest
import torch
from helpers import BASELINE, SELFVERIFY, build_estimator, load_config, narrow

from self_verify_pose.engine.checkpoint import (
    load_estimator,
    read_checkpoint,
    read_state_dict,
    save_checkpoint,
    state_dict_of,
)


@pytest.fixture(scope='module')
def config():
    config = load_config(SELFVERIFY)
    narrow(config.model)
    return config


def test_weights_are_loaded(config):
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


def test_weights_of_another_architecture_raise(config):
    with pytest.raises(ValueError, match=r'of this arch.*nothing in x\.pth'):
        load_estimator(config, {}, 'x.pth', trust=False)


def test_saved_checkpoint_is_read_again(tmp_path):
    checkpoint = {'state_dict': {'weight': torch.ones(2)}, 'meta': {'a': 1}}
    path = tmp_path / 'new.pth'
    save_checkpoint(checkpoint, path)
    loaded = read_checkpoint(path)
    assert loaded['meta'] == {'a': 1}
    torch.testing.assert_close(state_dict_of(loaded), checkpoint['state_dict'])
    torch.testing.assert_close(read_state_dict(path), state_dict_of(loaded))
    assert list(tmp_path.iterdir()) == [path]


def test_bare_state_dict_is_a_checkpoint(tmp_path):
    path = tmp_path / 'bare.pth'
    torch.save({'weight': torch.ones(2)}, path)
    assert set(read_state_dict(path)) == {'weight'}
