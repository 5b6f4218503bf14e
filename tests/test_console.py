import sys

import pytest
from torch.utils.data import DataLoader, Dataset

from self_verify_pose import console
from self_verify_pose.datasets.coco import check_exist
from self_verify_pose.environment import read_switch


class Broken(Dataset):
    def __len__(self) -> int:
        return 1

    def __getitem__(self, index):
        check_exist('/nowhere/a.json', '/nowhere', 'correct it')


def wrong_input():
    check_exist('/nowhere/a.json', '/nowhere', 'correct it')


def wrapped():
    try:
        wrong_input()
    except FileNotFoundError as error:
        raise RuntimeError('class Coco in coco.py: it failed') from error


def in_a_worker():
    list(DataLoader(Broken(), num_workers=1))


OTHERS = "raise ValueError('expected scalar type Half but found Float')"


def of_others():
    exec(compile(OTHERS, '/elsewhere/others.py', 'exec'))


def caught(work):
    with pytest.raises(Exception) as info:
        work()
    return info.value


@pytest.mark.parametrize('work', [wrong_input, wrapped, in_a_worker])
def test_the_message_of_wrong_input_is_found(work):
    message = console.message_of(caught(work))
    assert message == (
        'COCO data: expected the annotation file /nowhere/a.json, found '
        'nothing there; correct it'
    )


def test_other_errors_have_none(monkeypatch):
    assert console.message_of(caught(of_others)) is None
    assert console.message_of(KeyError()) is None
    monkeypatch.setenv('FEATURES', 'yes')
    error = caught(lambda: read_switch('FEATURES'))
    assert console.message_of(error).startswith('FEATURES: expected 0 or 1')


def test_wandb_without_a_login_names_the_mode_without_one():
    errors = pytest.importorskip('wandb.errors')
    error = errors.UsageError('No API key configured.')
    error.__context__ = errors.term.NotATerminalError()  # as wandb raises it
    message = console.message_of(error)
    assert message == (
        "USE_WANDB=1: expected W&B to start, found 'No API key configured.'; "
        'set WANDB_MODE=offline to log without a login and a network'
    )


@pytest.mark.parametrize(
    ('work', 'code', 'end'),
    [
        (wrong_input, 2, 'correct it'),
        (of_others, 1, 'but found Float'),
        (lambda: (_ for _ in ()).throw(KeyboardInterrupt), 130, 'interrupted'),
    ],
)
def test_a_run_ends_with_its_message(work, code, end, monkeypatch, capsys):
    try:
        work()
        next(work())
    except BaseException as error:
        raised = error
    with pytest.raises(SystemExit) as left:
        console._report(type(raised), raised, raised.__traceback__)
    assert left.value.code == code
    printed = capsys.readouterr().err
    assert printed.rstrip().endswith(end)
    assert ('Traceback' in printed) == (code == 1)


@pytest.mark.parametrize(
    ('name', 'changed'), [('tools/train.py', True), ('app.py', False)]
)
def test_only_runs_of_mmpose_are_changed(name, changed, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, 'excepthook', sys.__excepthook__)
    monkeypatch.setattr(
        sys.modules['__main__'], '__file__', str(tmp_path / name), False
    )
    console.report_in_one_line()
    assert (sys.excepthook is console._report) == changed
