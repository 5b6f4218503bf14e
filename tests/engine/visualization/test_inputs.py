import json

import cv2
import numpy as np
import pytest

from self_verify_pose.engine.visualization.inputs import (
    check_inputs,
    kind_of,
    output_path,
    read_boxes,
    read_truth,
)


def test_inputs_are_images_videos_or_folders(photo, clip, tmp_path):
    assert kind_of(photo) == 'image'
    assert kind_of(clip) == 'video'
    assert kind_of(tmp_path) == 'folder'
    kinds = check_inputs([photo, clip], tmp_path, annotated=False)
    assert kinds == {photo: 'image', clip: 'video'}
    assert check_inputs([tmp_path], tmp_path, annotated=True)


def test_outputs_are_named_after_their_input(photo, tmp_path):
    path = output_path(photo, tmp_path, '.json')
    assert path == tmp_path / 'photo_trust.json'


def test_inputs_that_do_not_fit_are_an_error(photo, clip, tmp_path):
    copy = tmp_path / 'photo.png'
    cv2.imwrite(str(copy), np.zeros((9, 9, 3)))
    for paths, annotated, match in (
        ([tmp_path], False, 'expected a folder alone'),
        ([tmp_path, photo], True, 'expected a folder alone'),
        ([clip], True, 'expected images, found a video'),
        ([photo, copy], False, 'of different names'),
    ):
        with pytest.raises(ValueError, match=match):
            check_inputs(paths, tmp_path, annotated)


def test_boxes_are_arrays_by_image_and_by_frame(photo, clip, tmp_path):
    file = tmp_path / 'boxes.json'
    box = [20, 30, 180, 250]
    content = {'photo.jpg': [box], 'clip.avi': [[box], [], [box, box]]}
    file.write_text(json.dumps(content))
    boxes = read_boxes(file, {photo: 'image', clip: 'video'})
    assert boxes[photo].tolist() == [box]
    assert [frame.shape for frame in boxes[clip]] == [(1, 4), (0, 4), (2, 4)]


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('no json', 'expected JSON, found something else'),
        ('[]', 'found a list'),
        ('{}', 'expected boxes for photo.jpg, clip.avi, found none'),
        ('{"photo.jpg": [[9, 9, 1, 1]], "clip.avi": []}', 'photo.jpg: expect'),
        ('{"photo.jpg": [], "clip.avi": [[], []]}', 'of 3 frames, found 2'),
        (
            '{"photo.jpg": [], "clip.avi": [[], [], [[1]]]}',
            'clip.avi, frame 2: expected',
        ),
    ],
)
def test_wrong_boxes_are_an_error(photo, clip, tmp_path, content, message):
    file = tmp_path / 'boxes.json'
    file.write_text(content)
    with pytest.raises(ValueError, match=message):
        read_boxes(file, {photo: 'image', clip: 'video'})


def test_annotated_persons_are_read_by_image(synthetic_coco):
    annotations = (
        synthetic_coco / 'annotations' / 'person_keypoints_val2017.json'
    )
    path = synthetic_coco / 'val2017' / '000002000001.jpg'
    infos = read_truth(annotations, [path])
    persons = json.loads(annotations.read_text())['annotations']
    expected = [p['id'] for p in persons if p['image_id'] == 2000001]
    assert list(infos) == [path]
    assert [info['id'] for info in infos[path]] == expected
