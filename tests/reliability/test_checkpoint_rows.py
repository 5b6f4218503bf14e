"""Each row of checkpoint_rows.py."""

import pytest
import torch
from checkpoint_rows import ROWS
from helpers import build_estimator
from mmengine.runner.checkpoint import _load_checkpoint_to_model
from row import check_message

from self_verify_pose.engine.checkpoint import load_weights, read_state_dict
from self_verify_pose.engine.hooks.preflight import PreflightHook


@pytest.fixture(scope='module')
def model():
    return build_estimator()


def prefixed(prefix, select=lambda name: True):
    def change(state):
        return {
            f'{prefix}{name}' if select(name) else name: weight
            for name, weight in state.items()
        }

    return change


def holding(ending, value):
    """Put a value into the first weight whose name ends so."""

    def change(state):
        name = next(n for n in state if n.endswith(ending))
        weight = state[name].clone()
        weight.view(-1)[0] = value
        return {**state, name: weight}

    return change


def replacing(make):
    def change(state):
        name = next(n for n in state if n.endswith('weight'))
        return {**state, name: make(state[name])}

    return change


CHANGES = {
    'a list': lambda state: [1, 2],
    'a whole model': lambda state: torch.nn.Linear(2, 2),
    'numbers for names': lambda state: {'state_dict': {1: torch.ones(2)}},
    'empty': lambda state: {},
    'half of the prefixes': prefixed('module.', lambda n: 'head' in n),
    'another prefix': prefixed('net.'),
    'another shape': replacing(lambda weight: torch.ones(3)),
    'no BatchNorm statistics': lambda state: {
        n: w for n, w in state.items() if 'running_' not in n
    },
    'NaN weight': holding('.weight', float('nan')),
    'infinite weight': holding('.weight', float('inf')),
    'NaN statistic': holding('.running_var', float('nan')),
    'complex weight': replacing(lambda weight: weight + 1j),
    'NaN calibration': holding('calibration.outputs', float('nan')),
    'NaN trust head': lambda state: {
        name: weight * float('nan')
        if name.startswith('trust_head.') and name.endswith('.weight')
        else weight
        for name, weight in state.items()
    },
    'bare weights': lambda state: state,
    'the key model': lambda state: {'model': state, 'epoch': 3},
    'the prefix module': lambda state: {
        'state_dict': prefixed('module.')(state)
    },
    'the prefix _orig_mod': prefixed('_orig_mod.'),
    'both prefixes': prefixed('module._orig_mod.'),
    'both prefixes, turned': prefixed('_orig_mod.module.'),
}


def write(case, state, path):
    if case == 'no file':
        return
    if case == 'no checkpoint':
        path.write_text('no checkpoint')
        return
    torch.save(CHANGES.get(case, CHANGES['bare weights'])(state), path)
    if case == 'cut off':
        path.write_bytes(path.read_bytes()[:5000])


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.case)
def test_row(row, model, tmp_path):
    path = tmp_path / 'pose.pth'
    write(row.case, model.state_dict(), path)

    def load():
        load_weights(model, read_state_dict(path), path, trust=True)

    if row.message is not None:
        with pytest.raises((FileNotFoundError, ValueError)) as caught:
            load()
        check_message(row, str(caught.value))
        return
    load()
    # MMEngine, too, finds every weight
    content = torch.load(path, weights_only=True)
    PreflightHook().after_load_checkpoint(None, checkpoint=content)
    _load_checkpoint_to_model(model, content, strict=True)
