from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers import build_estimator, packed_batch
from training_steps import with_random_residual

from self_verify_pose.engine import onnx_export
from self_verify_pose.engine.onnx_export import (
    check_exportable,
    export_onnx,
    exportable,
)
from self_verify_pose.engine.onnx_forms import (
    FullForm,
    PoseForm,
    TrustForm,
    example_inputs,
    make_forms,
)
from self_verify_pose.models.heads.calibration import fit_calibration
from self_verify_pose.models.sample_fields import person_sizes


def build(**changes):
    """An estimator with trained-like trust and a bent calibration."""
    model = build_estimator(**changes).eval()
    with_random_residual(model.trust_head)
    rng = np.random.default_rng(0)
    trust = rng.random(400)
    correct = rng.random(400) < trust**2
    calibration = fit_calibration(trust, correct, 'isotonic')
    model.trust_head.calibration.set(calibration)
    return model


def predicted(model):
    """Inputs of the forms, and the trust that the estimator predicts."""
    model.test_cfg.flip_test = False
    batch = packed_batch(model, training=False)
    crops = batch['inputs']
    sizes = person_sizes(batch['data_samples'], crops.device)
    with torch.no_grad():
        samples = model.predict(**batch)
    instances = [sample.pred_instances for sample in samples]
    return crops, sizes, instances


@pytest.mark.parametrize('levels', [(0, 1), ()])
def test_the_forms_predict_what_the_estimator_predicts(levels):
    model = build(trust_head__levels=levels)
    crops, sizes, instances = predicted(model)
    copied = exportable(model)
    with torch.no_grad():
        points, scores, trust = FullForm(copied)(crops, sizes)
        simcc = PoseForm(copied)(crops)
        alone = TrustForm(copied)(crops, *simcc, sizes)
    expected = np.concatenate([one.keypoint_trust for one in instances])
    np.testing.assert_allclose(trust, expected, atol=1e-6)
    np.testing.assert_allclose(alone, expected, atol=1e-6)
    expected = np.concatenate([one.keypoint_scores for one in instances])
    np.testing.assert_array_equal(scores, expected)
    x, y = (axis.argmax(-1) / 2 for axis in simcc)
    assert torch.equal(points, torch.stack([x, y], -1))
    # the estimator itself stays as it was
    assert not model.trust_head.calibration.is_identity
    assert next(model.trust_head.parameters()).requires_grad


def test_the_calibration_is_the_same_map():
    calibration = build().trust_head.calibration
    trust = torch.linspace(0, 1, 1001)
    bent = onnx_export._PiecewiseLinear(calibration)
    torch.testing.assert_close(
        bent(trust), calibration(trust), atol=2e-6, rtol=0
    )


def test_files_are_those_of_the_form():
    model = exportable(build())
    path = Path('some/model.onnx')
    assert [*make_forms(model, 'full', path)] == [path]
    forms = make_forms(model, 'both', path)
    assert [one.name for one in forms] == [
        'model.onnx',
        'model.trust.onnx',
        'model.full.onnx',
    ]
    assert [*make_forms(model, 'simcc', path)] == [*forms][:2]
    inputs = example_inputs(forms[path.with_suffix('.trust.onnx')], 3)
    assert [*inputs] == ['crops', 'simcc_x', 'simcc_y', 'person_sizes']
    assert {len(values) for values in inputs.values()} == {3}


def test_a_head_of_another_family_has_the_full_form_alone():
    model = exportable(build())
    model.reader = SimpleReader()
    with pytest.raises(ValueError, match='--form: expected full'):
        make_forms(model, 'simcc', Path('model.onnx'))
    assert PoseForm(model).outputs == ('output',)


class SimpleReader:
    input_size = (192, 256)


def test_a_model_without_trust_is_refused():
    model = build_estimator(trust_cfg__enable=False)
    with pytest.raises(ValueError, match='expected a model with a trust head'):
        exportable(model)


def test_names_and_packages_are_checked(monkeypatch):
    with pytest.raises(ValueError, match=r'ends in \.onnx, found model\.pth'):
        check_exportable(Path('model.pth'), False)
    monkeypatch.setattr(onnx_export, 'find_spec', lambda name: None)
    with pytest.raises(ValueError, match='pip install onnx onnxscript onnxr'):
        check_exportable(Path('model.onnx'), True)


def test_the_file_names_its_tensors_and_describes_its_crops(
    tmp_path, monkeypatch
):
    """The exporter itself, which takes a minute, is replaced."""
    given, props = {}, {}
    program = SimpleNamespace(
        model=SimpleNamespace(metadata_props=props),
        model_proto=SimpleNamespace(SerializeToString=lambda: b'onnx'),
    )

    def export(form, inputs, **options):
        given.update(options, shapes=[tuple(one.shape) for one in inputs])
        assert not torch.backends.mha.get_fastpath_enabled()
        return program

    monkeypatch.setattr(torch.onnx, 'export', export)
    path = tmp_path / 'model.onnx'
    export_onnx(FullForm(exportable(build())), path)
    assert torch.backends.mha.get_fastpath_enabled()
    assert path.read_bytes() == b'onnx'
    assert given['dynamo']
    assert given['input_names'] == ['crops', 'person_sizes']
    assert given['output_names'] == ['keypoints', 'scores', 'trust']
    assert given['shapes'] == [(2, 3, 256, 192), (2,)]
    assert props['input_size'] == '192,256'
    assert props['channels'] == 'RGB'
    assert props['mean'] == '123.675,116.28,103.53'
    assert props['keypoints'].startswith('nose,left_eye')


@pytest.mark.slow
@pytest.mark.parametrize('levels', [(0, 1), ()])
@pytest.mark.parametrize('form', [FullForm, PoseForm, TrustForm])
def test_onnxruntime_predicts_the_same_for_any_number_of_crops(
    form, levels, tmp_path
):
    for name in ('onnx', 'onnxscript', 'onnxruntime'):
        pytest.importorskip(name)
    from self_verify_pose.tools.onnx_check import open_session, run_session

    model = exportable(build(trust_head__levels=levels))
    network, path = form(model), tmp_path / 'model.onnx'
    export_onnx(network, path)
    session = open_session(path)
    read = {one.name for one in session.get_inputs()}
    assert ('crops' in read) == (form is not TrustForm or bool(levels))
    for count in (1, 5):
        inputs = example_inputs(network, count)
        with torch.no_grad():
            expected = network(*inputs.values())
        if isinstance(expected, torch.Tensor):
            expected = (expected,)
        found = run_session(session, inputs)
        for name, one in zip(network.outputs, expected, strict=True):
            np.testing.assert_allclose(found[name], one, atol=1e-4)
    meta = session.get_modelmeta().custom_metadata_map
    assert meta['input_size'] == '192,256'
    assert meta['channels'] == 'RGB'
    assert meta['mean'] == '123.675,116.28,103.53'
    assert meta['keypoints'].startswith('nose,left_eye')
