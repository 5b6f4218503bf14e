import subprocess
import sys
import warnings
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.config import config as mmengine_config
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from self_verify_pose import compat

NEEDS_ALLOW_LIST = compat._version(torch.__version__) >= (2, 6)


def run_python(code: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code, *args],
        capture_output=True,
        text=True,
        check=False,
        cwd='/',
    )


# torchvision


def test_torchvision_imports_after_compat() -> None:
    code = (
        'import importlib, torch\n'
        'try:\n'
        '    import torchvision\n'
        '    print("healthy")\n'
        'except RuntimeError as error:\n'
        '    print(error)\n'
        'import self_verify_pose.compat as c\n'
        'print(len(c._libraries))\n'
        'from torchvision.transforms import ToPILImage\n'
        'print(ToPILImage()(torch.zeros(3, 4, 5)).size)\n'
        'print(c.define_missing_torchvision_ops())'
    )
    result = run_python(code)
    before, libraries, *after = result.stdout.splitlines()
    assert after == ['(5, 4)', 'False'], result.stderr
    if before == 'healthy':
        assert libraries == '0'
    else:
        assert before == 'operator torchvision::nms does not exist'
        assert libraries == '1'


FAKE = (
    'import sys\n'
    'sys.path.insert(0, sys.argv[1])\n'
    'import self_verify_pose.compat as c\n'
    'print(len(c._libraries), "torchvision" in sys.modules)'
)


@pytest.mark.skipif(
    bool(torch.version.cuda or torch.version.hip),
    reason='the fix does nothing where torch has CUDA',
)
@pytest.mark.parametrize(
    ('source', 'stdout', 'stderr'),
    [
        pytest.param('', '0 True\n', '', marks=pytest.mark.slow),
        ('raise RuntimeError("out of luck")', '', 'out of luck'),
        (
            'import torch\ntorch.library.register_fake("torchvision::nms")'
            '(lambda: None)',
            '1 False\n',
            '',
        ),
    ],
    ids=['healthy', 'broken otherwise', 'operators missing'],
)
def test_only_missing_operators_are_defined(
    tmp_path: Path, source: str, stdout: str, stderr: str
) -> None:
    package = tmp_path / 'torchvision'
    package.mkdir()
    (package / '__init__.py').write_text(source)
    result = run_python(FAKE, str(tmp_path))
    assert result.stdout == stdout
    assert stderr in result.stderr


def test_torch_with_cuda_is_not_changed(monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, 'torchvision', raising=False)
    monkeypatch.setattr(torch.version, 'cuda', '13.0')
    assert not compat.define_missing_torchvision_ops()
    assert 'torchvision' not in sys.modules


# checkpoints


class Toy(BaseModel):
    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(2))

    def forward(self, inputs, mode='tensor'):
        return {'loss': (self.weight * inputs).sum()}


class ToyData(torch.utils.data.Dataset):
    def __init__(self) -> None:
        self.metainfo = {'sigmas': np.full(17, 0.5, np.float32)}

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> dict:
        return {'inputs': torch.full((2,), float(index))}


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('run')
    runner = Runner(
        Toy(),
        work_dir=str(folder),
        train_dataloader=DataLoader(ToyData(), batch_size=1),
        train_cfg={'by_epoch': True, 'max_epochs': 1},
        optim_wrapper={'optimizer': {'type': 'AdamW', 'lr': 0.0}},
        param_scheduler={'type': 'LinearLR', 'by_epoch': False, 'end': 2},
        default_hooks={'logger': {'type': 'LoggerHook', 'interval': 1}},
        default_scope='mmengine',
        experiment_name='test_compat',
    )
    runner.train()
    return folder / 'epoch_1.pth'


def test_checkpoint_of_a_run_loads_safely(checkpoint: Path) -> None:
    loaded = torch.load(checkpoint, weights_only=True)
    history = loaded['message_hub']['log_scalars']['train/loss']
    assert isinstance(history, HistoryBuffer)
    assert history.mean() == pytest.approx(2.0)  # of 0, 2, 4
    assert history.statistics('max') == 4.0
    meta = loaded['meta']['dataset_meta']
    np.testing.assert_array_equal(meta['sigmas'], ToyData().metainfo['sigmas'])
    assert 'optimizer' in loaded


def test_the_config_is_written_to_the_log_file_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compat.keep_config_off_console()
    assert not compat.keep_config_off_console()  # it is in place
    Runner(
        Toy(),
        work_dir=str(tmp_path),
        cfg=Config({'some_key': 'some value'}),
        default_scope='mmengine',
        experiment_name='test_console',
    )
    (log,) = tmp_path.glob('*/*.log')
    printed = ''.join(capsys.readouterr())
    assert 'some_key' in log.read_text()
    assert 'some_key' not in printed
    assert 'System environment' not in printed
    assert f'Environment and config of the run: {log}' in printed


def test_deprecations_of_mmengine_are_left_out_of_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compat.keep_config_off_console()
    runner = Runner(
        Toy(),
        work_dir=str(tmp_path),
        default_scope='mmengine',
        experiment_name='test_log',
    )
    runner.logger.warning('"FileClient" will be deprecated in future.')
    runner.logger.warning('expected a folder')
    printed = ''.join(capsys.readouterr())
    assert 'FileClient' not in printed
    assert 'expected a folder' in printed


@pytest.mark.parametrize(
    ('kind', 'message', 'shown'),
    [
        (UserWarning, 'pkg_resources is deprecated as an API. See', False),
        (FutureWarning, '`torch.cuda.amp.autocast(args...)` is', False),
        (DeprecationWarning, '`torch.cuda.amp.autocast(args...)` is', True),
        (UserWarning, 'Blur is not pixel-level transformations. Use', False),
        (UserWarning, 'Blur is not known', True),
        (
            UserWarning,
            'The metainfo config file "a.py" does not exist. A matched config',
            False,
        ),
        (UserWarning, 'The metainfo config file is broken', True),
    ],
)
def test_known_warnings_alone_are_hidden(
    kind: type[Warning], message: str, shown: bool
) -> None:
    with (
        mock.patch.object(sys, 'warnoptions', []),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter('always')
        assert compat.hide_known_warnings()
        warnings.warn(message, kind, stacklevel=1)
    assert len(caught) == shown


def test_options_of_the_user_go_before() -> None:
    with (
        mock.patch.object(sys, 'warnoptions', ['default']),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter('always')
        assert not compat.hide_known_warnings()
        warnings.warn('pkg_resources is deprecated as an API', stacklevel=1)
    assert caught


@pytest.mark.skipif(not NEEDS_ALLOW_LIST, reason='torch before 2.6')
def test_checkpoint_does_not_load_without_compat(checkpoint: Path) -> None:
    listed = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    try:
        with pytest.raises(Exception, match='Unsupported global'):
            torch.load(checkpoint, weights_only=True)
    finally:
        torch.serialization.add_safe_globals(listed)


@pytest.mark.skipif(not NEEDS_ALLOW_LIST, reason='torch before 2.6')
def test_allow_list_is_idempotent() -> None:
    before = set(torch.serialization.get_safe_globals())
    assert compat.allow_mmengine_checkpoints()
    assert set(torch.serialization.get_safe_globals()) == before


@pytest.mark.skipif(not NEEDS_ALLOW_LIST, reason='torch before 2.6')
@pytest.mark.parametrize('core', ['numpy.core', 'numpy._core'])
@pytest.mark.parametrize(
    'value',
    [
        np.arange(6.0).reshape(2, 3),
        np.arange(3, dtype=np.uint8),
        np.array([True, False]),
        np.float32(0.5),
        np.int64(-7),
    ],
    ids=str,
)
def test_arrays_of_both_numpy_generations_load(
    tmp_path: Path, core: str, value: np.ndarray | np.generic
) -> None:
    path = tmp_path / 'array.pth'
    # the old format is one plain pickle, whose names can be exchanged
    torch.save({'value': value}, path, _use_new_zipfile_serialization=False)
    content = path.read_bytes()
    for name in (b'numpy._core.', b'numpy.core.'):
        content = content.replace(name, core.encode() + b'.')
    path.write_bytes(content)
    loaded = torch.load(path, weights_only=True)['value']
    np.testing.assert_array_equal(loaded, value)
    assert loaded.dtype == value.dtype


class CallsPrint:
    def __reduce__(self):
        return print, ('code was run',)


class ReadsAttribute:
    def __init__(self, owner: object, name: str) -> None:
        self.arguments = owner, name

    def __reduce__(self):
        return getattr, self.arguments


@pytest.mark.parametrize(
    'value',
    [
        CallsPrint(),
        ReadsAttribute(HistoryBuffer, '__init__'),
        ReadsAttribute(HistoryBuffer, 'register_statistics'),
        ReadsAttribute(np.ndarray, 'mean'),
        np.array([CallsPrint()], dtype=object),
    ],
    ids=['call', 'dunder', 'other method', 'other class', 'object array'],
)
def test_other_globals_do_not_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], value: object
) -> None:
    path = tmp_path / 'malicious.pth'
    torch.save({'state_dict': value}, path)
    with pytest.raises(Exception, match='Weights only load failed'):
        torch.load(path, weights_only=True)
    assert 'code was run' not in capsys.readouterr().out


def test_processes_start_without_a_gpu():
    from mmengine.model import MMDistributedDataParallel

    given = compat.start_processes_without_gpu()
    assert given is not torch.cuda.is_available()
    wrap = MMDistributedDataParallel.__init__
    compat.start_processes_without_gpu()  # a second time changes nothing
    assert MMDistributedDataParallel.__init__ is wrap


def test_a_config_is_formatted_once(monkeypatch):
    formatted = []

    def format_code(text, style_config):
        formatted.append(text)
        return f'# {text}', False

    monkeypatch.setattr(mmengine_config, 'FormatCode', format_code)
    assert compat.format_configs_once()
    assert not compat.format_configs_once()  # it is in place
    one, other = Config({'a': 1}), Config({'a': 2})
    texts = [c.pretty_text for c in (one, one, other, other)]
    assert texts[0] == texts[1] != texts[2] == texts[3]
    assert texts[::2] == [f'# {text}' for text in formatted]
