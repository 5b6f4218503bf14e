import re

import pytest
import torch
from helpers import ROOT, SELFVERIFY, load_tool

from self_verify_pose.engine.optim_wrapper import BFloat16OptimWrapper
from self_verify_pose.tools.benchmark.timing import PairedTiming, Plan

TOOL = load_tool('choose_fast')


@pytest.fixture
def config(tmp_path, monkeypatch):
    """Return a config with a narrow network, for steps of two crops."""
    monkeypatch.setattr(TOOL, 'BATCH_SIZES', (2, 2))
    monkeypatch.setattr(TOOL, 'PLAN', Plan(repeats=1, warmup=0))
    path = tmp_path / 'narrow.py'
    bases = [ROOT / SELFVERIFY, ROOT / 'configs/_base_/quick_profile.py']
    path.write_text(
        f'_base_ = {[*map(str, bases)]}\nmodel = _base_.quick_model\n'
    )
    return path


def choose(config, capsys):
    assert TOOL.main([str(config), '--device', 'cpu']) == 0
    output, errors = capsys.readouterr()
    found = re.search(r'takes ([\d.]+) of .* differ by ([\d.]+)%', errors)
    return output, *map(float, found.groups())


@pytest.mark.parametrize('ratio, chosen', [(0.5, '1\n'), (0.97, '0\n')])
def test_one_is_chosen_where_steps_are_faster(
    config, capsys, monkeypatch, ratio, chosen
):
    timing = PairedTiming([ratio], [1.0])
    monkeypatch.setattr(TOOL, 'alternate', lambda *_: timing)
    output, measured, difference = choose(config, capsys)
    assert (output, measured) == (chosen, ratio)
    assert difference < 1


def test_steps_are_really_taken(config, capsys):
    output, ratio, _ = choose(config, capsys)
    assert output in ('0\n', '1\n')
    assert ratio > 0


def test_other_losses_are_refused(config, capsys, monkeypatch):
    plain_context = BFloat16OptimWrapper.optim_context

    def wrong(self, model):
        with torch.no_grad():
            for weight in model.head.parameters():
                weight.add_(0.1)
        return plain_context(self, model)

    monkeypatch.setattr(BFloat16OptimWrapper, 'optim_context', wrong)
    timing = PairedTiming([0.5], [1.0])
    monkeypatch.setattr(TOOL, 'alternate', lambda *_: timing)
    output, _, difference = choose(config, capsys)
    assert output == '0\n'
    assert difference > 1
