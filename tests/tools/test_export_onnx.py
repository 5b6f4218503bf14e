import subprocess
import sys
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from helpers import (
    ROOT,
    SELFVERIFY,
    build_estimator,
    load_config,
    load_tool,
    narrow,
)
from training_steps import with_random_residual

from self_verify_pose.apis import inference_trust, init_trust_model
from self_verify_pose.engine.onnx_export import (
    exportable,
)
from self_verify_pose.engine.onnx_forms import (
    FullForm,
)
from self_verify_pose.tools import onnx_check
from self_verify_pose.tools.onnx_check import (
    CheckedFile,
    check_files,
    first_crops,
)

EXAMPLE = ROOT / 'docs' / 'examples' / 'onnx_trust.py'


@pytest.fixture(scope='module')
def tool():
    return load_tool('export_onnx')


@pytest.fixture(scope='module')
def files(tmp_path_factory, synthetic_coco):
    """Config and checkpoint of a narrow estimator with some trust."""
    folder = tmp_path_factory.mktemp('onnx')
    config = load_config(SELFVERIFY, synthetic_coco)
    narrow(config.model)
    config.dump(folder / 'config.py')
    model = build_estimator()
    with_random_residual(model.trust_head)
    path = folder / 'checkpoint.pth'
    torch.save({'state_dict': model.state_dict()}, path)
    return folder / 'config.py', path


class PlainSession:
    """Runs the network itself, with an error, in place of an ONNX file."""

    def __init__(self, form, error=0.0):
        self.form, self.error = form, error

    def get_inputs(self):
        return [SimpleNamespace(name=name) for name in self.form.inputs]

    def get_outputs(self):
        return [SimpleNamespace(name=name) for name in self.form.outputs]

    def run(self, names, arrays):
        inputs = [torch.from_numpy(arrays[n]) for n in self.form.inputs]
        with torch.no_grad():
            found = self.form(*inputs)
        if isinstance(found, torch.Tensor):
            found = (found,)
        return [values.numpy() + self.error for values in found]


def stub(monkeypatch, error=0.0):
    """Write no ONNX files, and run the networks themselves."""
    written = {}

    def export(form, path):
        written[path] = form
        path.write_bytes(b'onnx')

    def open_session(path):
        return PlainSession(written[path], error)

    monkeypatch.setattr(onnx_check, 'export_onnx', export)
    monkeypatch.setattr(onnx_check, 'open_session', open_session)
    monkeypatch.setattr(
        onnx_check, 'Plan', lambda **_: SimpleNamespace(repeats=1, warmup=0)
    )
    return export, written


@pytest.mark.parametrize(('error', 'code'), [(0.0, 0), (2e-4, 2)])
def test_files_are_written_and_compared(
    tool, files, tmp_path, monkeypatch, capsys, error, code
):
    export, written = stub(monkeypatch, error)
    monkeypatch.setattr(tool, 'export_onnx', export)
    monkeypatch.setattr(tool, 'check_exportable', lambda *_: None)
    monkeypatch.setenv('COLUMNS', '200')
    out = tmp_path / 'model.onnx'
    arguments = [*map(str, files), '--out', str(out), '--form', 'both']
    assert tool.main([*arguments, '--check', '3']) == code
    names = ('model.onnx', 'model.trust.onnx', 'model.full.onnx')
    assert [path.name for path in written][:3] == [*names]
    printed = capsys.readouterr()
    for name in names:
        assert name in printed.out
    assert 'crops, person_sizes to keypoints, scores, trust' in printed.out
    assert 'model.test_cfg.flip_test: left out' in printed.out
    assert ('found the difference 0.0002' in printed.err) == bool(code)


def test_a_name_that_is_no_onnx_file_is_refused(tool, files, capsys):
    assert tool.main([*map(str, files), '--out', 'model.pth']) == 2
    assert 'ends in .onnx' in capsys.readouterr().err


def test_modes_that_moved_do_not_agree(files, tmp_path, monkeypatch):
    config, checkpoint = files
    model = init_trust_model(config, checkpoint, 'cpu')
    data = first_crops(load_config_of(config), model, 2)
    assert data['crops'].shape == (2, 3, 256, 192)
    stub(monkeypatch)
    monkeypatch.setattr(
        onnx_check, 'open_session', lambda path: PlainSession(form)
    )
    form = FullForm(exportable(model))
    (found,) = check_files({tmp_path / 'a.onnx': form}, data)
    assert found.agrees
    assert found.largest == 0
    assert not found._replace(same_modes=False).agrees
    assert not found._replace(largest=2e-4).agrees
    assert isinstance(found, CheckedFile)


def load_config_of(path):
    from mmengine.config import Config

    return Config.fromfile(path)


@pytest.mark.slow
def test_the_example_and_rtmlib_predict_what_the_estimator_predicts(
    tool, files, tmp_path, photo, capsys
):
    """The real clients: onnxruntime by numpy alone, and rtmlib."""
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(name)
    config, checkpoint = files
    out = tmp_path / 'model.onnx'
    arguments = [str(config), str(checkpoint), '--out', str(out)]
    assert tool.main([*arguments, '--form', 'both', '--check', '4']) == 0
    model = init_trust_model(config, checkpoint, 'cpu')
    model.test_cfg.flip_test = False
    box = [30.0, 20.0, 150.0, 220.0]
    (sample,) = inference_trust(model, photo, [box])
    command = [sys.executable, EXAMPLE, tmp_path / 'model.full.onnx', photo]
    done = subprocess.run(
        [*map(str, command), *map(str, box)],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    assert len(rows) == 17
    numbers = np.array([row[1:] for row in rows], float)
    expected = sample.pred_instances
    np.testing.assert_allclose(numbers[:, :2], expected.keypoints[0], atol=0.1)
    np.testing.assert_allclose(
        numbers[:, 3], expected.keypoint_trust[0], atol=2e-3
    )
    rtmlib = pytest.importorskip('rtmlib', reason='pip install rtmlib')
    client = rtmlib.RTMPose(
        str(out), model_input_size=(192, 256), backend='onnxruntime'
    )
    rgb = np.ascontiguousarray(cv2.imread(str(photo))[..., ::-1])
    points, scores = client(rgb, [box])
    np.testing.assert_allclose(points, expected.keypoints, atol=1.0)
    # its score is the mean of the two maxima, that of MMPose the smaller one
    assert (scores > expected.keypoint_scores - 1e-3).all()
