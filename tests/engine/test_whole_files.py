import pytest
import torch
from mmengine.fileio import get_file_backend
from mmengine.runner.checkpoint import save_checkpoint

from self_verify_pose import output_files
from self_verify_pose.engine.whole_files import WholeFilesBackend
from self_verify_pose.output_files import OutputError


def test_mmengine_saves_by_it(tmp_path):
    path = tmp_path / 'folder' / 'epoch_1.pth'
    assert isinstance(get_file_backend(str(path)), WholeFilesBackend)
    save_checkpoint({'state_dict': {}, 'meta': {}}, str(path))
    assert torch.load(path, weights_only=True)['state_dict'] == {}
    assert [p.name for p in path.parent.iterdir()] == ['epoch_1.pth']


def test_an_interrupted_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / 'epoch_1.pth'
    backend = WholeFilesBackend()
    backend.put(b'old', str(path))

    def fail(descriptor):
        assert path.read_bytes() == b'old'  # the new one stands aside
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(output_files.os, 'fsync', fail)
    with pytest.raises(OutputError, match='No space left'):
        backend.put(b'new', str(path))
    assert path.read_bytes() == b'old'
