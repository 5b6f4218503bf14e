import doctest
import json

import cv2
import numpy as np
import pytest
import torch
from helpers import BASELINE, load_config, save_tiny
from mmpose.apis import inference_topdown
from mmpose.structures import PoseDataSample

from self_verify_pose import apis
from self_verify_pose.apis import (
    as_dicts,
    inference_trust,
    init_trust_model,
    load_image,
    save_predictions,
)

BOXES = [[20, 30, 180, 250], [60.5, 10, 140, 270]]
FIELDS = ('keypoints', 'keypoint_scores', 'keypoint_trust', 'bboxes')


@pytest.fixture(scope='module')
def model(tiny_files):
    return init_trust_model(*tiny_files, 'cpu')


def same(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert isinstance(one, PoseDataSample)
        for name in FIELDS:
            np.testing.assert_array_equal(
                one.pred_instances[name], other.pred_instances[name]
            )


def test_the_example_of_the_documentation_runs(
    tiny_files, photo, tmp_path, monkeypatch
):
    for path in (*tiny_files, photo):
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)
    (example,) = doctest.DocTestFinder(recurse=False).find(apis)
    assert len(example.examples) > 5
    assert doctest.DocTestRunner().run(example).failed == 0
    (person,) = json.loads((tmp_path / 'photo.json').read_text())
    assert len(person['keypoint_trust']) == 17


def test_it_is_inference_topdown_with_trust(model, photo):
    found = inference_trust(model, photo, BOXES)
    expected = inference_topdown(model, str(photo), np.array(BOXES))
    same(found, expected)
    assert found[1].metainfo.keys() == expected[1].metainfo.keys()
    assert found[1].img_path == str(photo)
    np.testing.assert_allclose(found[1].pred_instances.bboxes, [BOXES[1]])
    for sample in found:
        trust = sample.pred_instances.keypoint_trust
        assert trust.shape == (1, 17)
        assert ((trust > 0) & (trust < 1)).all()


def test_a_path_and_an_array_are_the_same(model, photo):
    expected = inference_trust(model, str(photo), BOXES)
    same(inference_trust(model, cv2.imread(str(photo)), BOXES), expected)
    same(inference_trust(model, photo, np.float64(BOXES)), expected)


def test_without_boxes_the_whole_image_is_the_box(model, photo):
    height, width = load_image(photo).shape[:2]
    (found,) = inference_trust(model, photo)
    np.testing.assert_allclose(
        found.pred_instances.bboxes, [[0, 0, width, height]]
    )


def test_no_boxes_are_nobody(model, photo):
    assert inference_trust(model, photo, []) == []
    assert inference_trust(model, photo, np.zeros((0, 4))) == []


@pytest.mark.parametrize(
    ('boxes', 'message'),
    [
        ([1, 2, 3, 4], r'found shape \(4,\)'),
        ([[1, 2, 3]], r'found shape \(1, 3\)'),
        ([[0, 0, 9, 9], [5, 5, 5, 9]], r'\[5.0, 5.0, 5.0, 9.0\] in row 1'),
        ([[0, 9, 9, 0]], 'in row 0'),
        ([[0, 0, np.nan, 9]], 'in row 0'),
        ([[0, 0, np.inf, 9]], 'in row 0'),
        ([[0, 0, 9], [1, 2, 3, 4]], 'something else'),
        ([['a', 0, 9, 9]], 'something else'),
        (np.zeros((0, 5, 4)), r'found shape \(0, 5, 4\)'),
    ],
)
def test_wrong_boxes_are_refused(model, photo, boxes, message):
    with pytest.raises(ValueError, match=f'boxes: expected .*{message}'):
        inference_trust(model, photo, boxes)


@pytest.mark.parametrize(
    'image',
    [
        np.zeros((9, 9), np.uint8),
        np.zeros((9, 9, 4), np.uint8),
        np.zeros((9, 9, 3)),
    ],
)
def test_wrong_arrays_are_refused(model, image):
    with pytest.raises(ValueError, match='uint8 array in BGR order'):
        inference_trust(model, image)


def test_what_is_no_image_is_refused(model, photo, tmp_path):
    with pytest.raises(TypeError, match='found list'):
        inference_trust(model, [photo])
    with pytest.raises(FileNotFoundError, match=r'none\.jpg'):
        inference_trust(model, tmp_path / 'none.jpg')
    text = tmp_path / 'text.jpg'
    text.write_text('no picture')
    with pytest.raises(ValueError, match='OpenCV cannot read'):
        inference_trust(model, text)


def test_the_checkpoint_is_loaded_and_the_config_is_kept(tiny_files):
    config = load_config(BASELINE).__class__.fromfile(tiny_files[0])
    before = config.pretty_text
    model = init_trust_model(config, tiny_files[1], 'cpu')
    assert config.pretty_text == before
    assert not model.training
    saved = torch.load(tiny_files[1])['state_dict']
    for name, values in model.state_dict().items():
        torch.testing.assert_close(values, saved[name])


def test_a_missing_file_is_named(tiny_files, tmp_path):
    config, checkpoint = tiny_files
    with pytest.raises(FileNotFoundError, match=r'config: .*none\.py'):
        init_trust_model(tmp_path / 'none.py', checkpoint)
    with pytest.raises(FileNotFoundError, match=r'checkpoint: .*none\.pth'):
        init_trust_model(config, tmp_path / 'none.pth')
    with pytest.raises(TypeError, match='found int'):
        init_trust_model(3, checkpoint)


def test_a_config_without_trust_is_refused(tiny_files, tmp_path):
    config, checkpoint = save_tiny(tmp_path, BASELINE)
    with pytest.raises(ValueError, match="found 'TopdownPoseEstimator'"):
        init_trust_model(config, checkpoint)
    empty = tmp_path / 'empty.py'
    empty.write_text('')
    with pytest.raises(ValueError, match='found None'):
        init_trust_model(empty, checkpoint)
    switched = load_config(BASELINE).__class__.fromfile(tiny_files[0])
    switched.model.trust_cfg.enable = False
    with pytest.raises(ValueError, match=r'a SelfVerifyTopdown without'):
        init_trust_model(switched, tiny_files[1], 'cpu')


def test_a_checkpoint_that_does_not_fit_is_refused(tiny_files, tmp_path):
    config, checkpoint = tiny_files
    state = torch.load(checkpoint)['state_dict']

    def refused(state, message):
        path = tmp_path / 'other.pth'
        torch.save({'state_dict': state}, path)
        with pytest.raises(ValueError, match=message):
            init_trust_model(config, path, 'cpu')

    pose = {k: v for k, v in state.items() if not k.startswith('trust_')}
    refused(pose, 'expected a trained trust head')
    name = 'trust_head.classifier.0.bias'
    part = {k: v for k, v in state.items() if k != name}
    refused(part, f"expected a trained trust head with '{name}'")
    refused({**state, name: torch.zeros(3)}, name)
    refused({k: v for k, v in state.items() if 'backbone' not in k}, 'backb')
    (tmp_path / 'text.pth').write_text('no weights')
    with pytest.raises(ValueError, match='cannot be read'):
        init_trust_model(config, tmp_path / 'text.pth', 'cpu')


def test_json_holds_the_numbers_of_every_person(model, photo, tmp_path):
    samples = inference_trust(model, photo, BOXES)
    save_predictions(samples, tmp_path / 'photo.json')
    people = json.loads((tmp_path / 'photo.json').read_text())
    assert len(people) == 2
    for person, sample in zip(people, samples, strict=True):
        found = sample.pred_instances
        np.testing.assert_array_equal(person.pop('bbox'), found.bboxes[0])
        assert sorted(person) == sorted(FIELDS[:3])
        for name, values in person.items():
            np.testing.assert_array_equal(values, found[name][0])


def test_predictions_without_trust_are_not_written(model, photo, tmp_path):
    samples = inference_trust(model, photo, BOXES)
    del samples[1].pred_instances.keypoint_trust
    path = tmp_path / 'photo.json'
    with pytest.raises(ValueError, match='with keypoint_trust, found'):
        save_predictions(samples, path)
    assert not path.exists()
    assert as_dicts([]) == []
