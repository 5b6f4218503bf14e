"""Certificates of a model, from data to inference."""

import numpy as np
import pytest
import torch
from decision_files import certificate_of_coco
from helpers import load_tool

from self_verify_pose.apis import as_dicts, inference_trust, init_trust_model
from self_verify_pose.datasets.synthetic import make_dataset
from self_verify_pose.engine.certification import (
    certificate_of,
    with_certificate,
)
from self_verify_pose.engine.checkpoint import read_checkpoint
from self_verify_pose.engine.decisions.certificate import load_certificate
from self_verify_pose.engine.visualization.predictions import draw_image


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp('certification')
    make_dataset(root, train=1, val=6)
    return root


def test_a_model_gets_a_certificate_that_its_checkpoint_keeps(
    data, tiny_files, tmp_path, capsys
):
    config, checkpoint = map(str, tiny_files)
    ann = data / 'annotations/person_keypoints_val2017.json'
    out, store = tmp_path / 'certificate.json', tmp_path / 'certified.pth'
    given = ['--config', config, '--checkpoint', checkpoint, '--ann', ann]
    given += ['--images', data / 'val2017', '--out', out, '--store', store]
    given += ['--workers', '0']
    tool = load_tool('choose_threshold')
    assert tool.main([*map(str, given)]) == 0
    assert 'too few labels: 6 images' in capsys.readouterr().out
    found = certificate_of(read_checkpoint(store), store)
    assert found == load_certificate(out)
    assert found.data['checkpoint']['name'] == 'checkpoint.pth'
    assert certificate_of(read_checkpoint(checkpoint), checkpoint) is None


def test_inference_and_pictures_tell_which_joints_are_kept(
    data, tiny_files, tmp_path
):
    config, checkpoint = tiny_files
    image = next((data / 'val2017').iterdir())
    plain = init_trust_model(config, checkpoint, 'cpu')
    (sample,) = inference_trust(plain, image)
    assert 'keypoints_accepted' not in as_dicts([sample])[0]
    trust = sample.pred_instances.keypoint_trust
    certificate = certificate_of_coco(float(np.median(trust)))
    content = with_certificate(read_checkpoint(checkpoint), certificate)
    torch.save(content, tmp_path / 'certified.pth')
    model = init_trust_model(config, tmp_path / 'certified.pth', 'cpu')
    assert model.trust_certificate == certificate
    (sample,) = inference_trust(model, image)
    accepted = sample.pred_instances.keypoints_accepted
    assert accepted.tolist() == (trust >= np.median(trust)).tolist()
    (person,) = as_dicts([sample])
    assert person['keypoints_accepted'] == accepted[0].tolist()
    drawn, _ = draw_image(model, image)
    without, _ = draw_image(plain, image)
    assert not np.array_equal(drawn[:200], without[:200])


def test_a_bare_state_dict_can_keep_a_certificate():
    certificate = certificate_of_coco(0.5)
    content = with_certificate({'weight': torch.zeros(1)}, certificate)
    assert [*content['state_dict']] == ['weight']
    assert certificate_of(content, 'x') == certificate
    content['meta']['trust_certificate'] = 'none'
    with pytest.raises(ValueError, match='x: expected a certificate'):
        certificate_of(content, 'x')
