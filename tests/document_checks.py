"""Check a command of the documents, without what it computes."""

import argparse
import inspect
import re
import runpy
import sys
from copy import deepcopy
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from unittest import mock

import pytest
from document_blocks import Call
from helpers import ROOT, SELFVERIFY, load_config, narrow
from mmengine.runner import Runner
from mmpose.registry import MODELS, OPTIM_WRAPPERS
from torch.utils.data import DataLoader

from self_verify_pose.environment import VARIABLES
from self_verify_pose.tools.cli import TOOLS

# programs of others, whose words are not checked
OTHERS = ('head', 'ls', 'mv', 'ssh', 'tail', 'tensorboard', 'wandb')
# of W&B, and of configs/evaluation
OTHER_VARIABLES = {'TRUST_CONFIG', 'WANDB_MODE', 'WANDB_NAME', 'WANDB_PROJECT'}
FOLDERS = ('configs', 'demo', 'docs', 'models', 'tests', 'tools')
MMPOSE = Path(find_spec('mmpose').origin).parent / '.mim' / 'tools'
# options of mim and torchrun themselves, each with a value
LAUNCH = {
    *('--gpus', '--gpus-per-node', '--nproc_per_node'),
    *('--partition', '--cpus-per-task', '--srun-args'),
}


def in_repository(path):
    """Return a path of an MMPose checkout as one of this repository."""
    return path.removeprefix('projects/self_verify_pose/').removeprefix('./')


def is_of_mmpose(path):
    """Tell whether a path is a script of an MMPose checkout, and not ours."""
    return (
        path.startswith('tools/')
        and (MMPOSE.parent / path).is_file()
        and (not (ROOT / path).exists())
    )


class Parsed(BaseException):
    """Ends a tool after its command line was read."""


def run(start, *words):
    """Start a program until it has read its words; return what it read."""
    original = argparse.ArgumentParser.parse_args

    def parse_args(self, args=None, namespace=None):
        raise Parsed(original(self, args, namespace))

    with (
        mock.patch.object(argparse.ArgumentParser, 'parse_args', parse_args),
        mock.patch.object(sys, 'argv', list(map(str, words))),
        pytest.raises(Parsed) as parsed,
    ):
        start()
    return parsed.value.args[0]


def run_file(path, *words):
    if path.is_dir():
        path /= '__main__.py'
    if 'parse' not in path.read_text():
        return None  # takes its words as they are
    # no GPU is needed to read the words
    words = ['cpu' if word == 'cuda' else word for word in words]
    return run(
        lambda: runpy.run_path(str(path), run_name='__main__'), path, *words
    )


def check_python(call):
    program, *words = call.words[1:]
    if program != '-m':
        run_file(ROOT / program, *words)
    elif words[0] == 'mim':
        check_mim(Call(words, call.given))
    elif words[0].startswith('self_verify_pose.'):
        path = Path(*words[0].split('.')[1:]).with_suffix('.py')
        run_file(ROOT / path, *words[1:])
    else:
        assert words[0] == 'tensorboard.main'


def without_launch(words):
    """Leave out the options of ``LAUNCH``."""
    values = [i + 1 for i, word in enumerate(words) if word in LAUNCH]
    return [
        word
        for i, word in enumerate(words)
        if word not in LAUNCH and i not in values
    ]


def check_torchrun(call):
    check_python(Call(['python', *without_launch(call.words[1:])], call.given))


def check_mim(call):
    verb, package, config, *words = (*call.words[1:], '', '')
    words = without_launch(words[:-2]) if config else []
    if verb in ('train', 'test'):
        if package == 'self_verify_pose':
            assert config == 'CONFIG' or (ROOT / 'configs' / config).is_file()
            config = SELFVERIFY
        check_run(verb, config, words)
    elif verb == 'run':
        run_file(MMPOSE / 'analysis_tools' / f'{config}.py', *words)
    else:
        assert verb in ('download', 'search')


def check_run(verb, config, words):
    """Check arguments of mim train or mim test, and what they override."""
    if '--checkpoint' in words:  # an option of mim test alone
        place = words.index('--checkpoint')
        words = [words[place + 1], *words[:place], *words[place + 2 :]]
    args = run_file(MMPOSE / f'{verb}.py', config, *words)
    config = {'CONFIG': SELFVERIFY}.get(config, config)
    assert Path(config).is_file(), config
    if args.cfg_options and in_repository(config).startswith('configs/'):
        check_options(deepcopy(read_config(config)), args.cfg_options)


@cache
def read_config(name):
    return load_config(in_repository(name))


def check_options(config, options):
    for key in options:
        *parents, name = key.split('.')
        if not parents:
            known = {*config, *inspect.signature(Runner).parameters}
            assert name in known, key
        elif parents[0] != 'model':
            assert takes(config, parents, name), key
    config.merge_from_dict(options)
    MODELS.build(narrow(config.model))


def takes(config, parents, name):
    part = config
    for parent in parents:
        part = part[int(parent) if parent.isdigit() else parent]
    if name in part:
        return True
    if parents[0].endswith('_dataloader'):
        # indices: of every data set of MMEngine
        return name in {*inspect.signature(DataLoader).parameters, 'indices'}
    kinds = OPTIM_WRAPPERS.get('AmpOptimWrapper').__mro__
    return any(name in inspect.signature(kind).parameters for kind in kinds)


def check_script(call):
    name, *words = call.words[1:]
    name = in_repository(name)
    if is_of_mmpose(name):
        return
    text = (ROOT / name).read_text()
    if not name.startswith('run_'):
        assert all(f'{word})' in text for word in words if word[0] == '-')
        return
    offline = 'offline' in name
    config = re.findall(r'\w+_rtmpose_s_1x32g_coco-256x192\.py', text)
    config = f'configs/{config[-1]}' if offline and config else SELFVERIFY
    if offline:
        words = words[1:]  # the checkpoint of the pose network
    check_run('test' if 'test' in name else 'train', config, words)


def check_command(call):
    if call.words[1:] != ['--help']:
        tool = TOOLS[call.words[1]]
        run_file(ROOT / 'tools' / f'{tool}.py', *call.words[2:])


def check_make(call):
    (target,) = call.words[1:]
    assert f'\n{target}:\n' in (ROOT / 'Makefile').read_text()


def check_pip(call):
    text = (ROOT / 'pyproject.toml').read_text()
    words = ' '.join(call.words)
    for extra in re.findall(r'self-verify-pose\[(\w+)\]', words):
        assert f'\n{extra} = [' in text


def check_nohup(call):
    check(Call(call.words[1:], call.given))


CHECKS = {
    'bash': check_script,
    'make': check_make,
    'mim': check_mim,
    'nohup': check_nohup,
    'pip': check_pip,
    'python': check_python,
    'self-verify-pose': check_command,
    'torchrun': check_torchrun,
}


def check(call):
    unknown = call.given.keys() - VARIABLES.keys() - OTHER_VARIABLES
    assert not unknown, unknown
    for word in call.words:
        path = in_repository(word)
        if path.split('/')[0] in FOLDERS and not re.search(r'[*{]', path):
            assert is_of_mmpose(path) or (ROOT / path).exists(), path
    if call.words[0] not in OTHERS:
        CHECKS[call.words[0]](call)
