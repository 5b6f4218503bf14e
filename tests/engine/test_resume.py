import logging
import types

import pytest
from mmengine.config import Config

from self_verify_pose.engine.resume import prepare_resume


def runner(folder, **changes):
    """Return a stand-in with the attributes that are read."""
    run = types.SimpleNamespace(
        work_dir=str(folder),
        cfg=Config(),
        _resume=True,
        _load_from=None,
        logger=logging.getLogger('test'),
    )
    run.__dict__.update(changes)
    return run


@pytest.fixture
def folder(tmp_path):
    """Return a work directory with two checkpoints and a best one."""
    for name in ('epoch_9.pth', 'epoch_10.pth', 'best_AP_epoch_9.pth'):
        (tmp_path / name).write_text('weights')
    return tmp_path


def test_the_record_is_followed(folder):
    record = folder / 'last_checkpoint'
    record.write_text(str(folder / 'epoch_9.pth'))
    run = runner(folder)
    assert prepare_resume(run)
    assert run._load_from is None  # MMEngine reads the record


@pytest.mark.parametrize('record', ['', '/moved/epoch_9.pth', None])
def test_without_a_record_the_newest_checkpoint_is_taken(folder, record):
    if record is not None:  # None: killed after the first checkpoint
        (folder / 'last_checkpoint').write_text(record)
    run = runner(folder)
    assert prepare_resume(run)
    assert run._load_from == str(folder / 'epoch_10.pth')


@pytest.mark.parametrize('content', ["load_from = 'pose.pth'", 'a = 1'])
def test_without_a_checkpoint_the_run_starts_as_configured(tmp_path, content):
    file = tmp_path / 'config.py'
    file.write_text(content)
    # MMPose's --resume drops load_from
    config = Config({'load_from': None}, filename=str(file))
    run = runner(tmp_path / 'work', cfg=config)
    assert not prepare_resume(run)
    assert not run._resume
    assert run._load_from == Config.fromfile(file).get('load_from')


@pytest.mark.parametrize('changes', [{'_resume': False}, {'_load_from': 'x'}])
def test_other_runs_are_left_alone(folder, changes):
    run = runner(folder, **changes)
    assert prepare_resume(run) == run._resume
    assert run._load_from == changes.get('_load_from')
