import json

import cv2
import pytest

from self_verify_pose.apis import init_trust_model
from self_verify_pose.datasets.coco_instances import (
    read_instances,
    select_evenly,
)
from self_verify_pose.engine.visualization.files import (
    write_contact_sheets,
    write_visualizations,
)


@pytest.fixture(scope='module')
def model(tiny_files):
    return init_trust_model(*tiny_files, 'cpu')


def test_each_image_gives_an_image_and_its_predictions(model, photo, tmp_path):
    boxes = {photo: [[20, 30, 180, 250], [0, 0, 90, 90]]}
    paths = list(
        write_visualizations(model, {photo: 'image'}, tmp_path, boxes, {})
    )
    names = [path.name for path in paths]
    assert names == ['photo_trust.png', 'photo_trust.json']
    persons = json.loads(paths[1].read_text())
    assert [person['bbox'] for person in persons] == boxes[photo]
    assert cv2.imread(str(paths[0])).std() > 10


def test_each_kind_of_persons_gives_a_sheet(model, synthetic_coco, tmp_path):
    root = synthetic_coco
    annotations = root / 'annotations' / 'person_keypoints_val2017.json'
    instances = read_instances(annotations, root / 'val2017')
    infos = select_evenly(instances, 3, min_joints=6)
    paths = list(write_contact_sheets(model, infos, tmp_path, number=1))
    names = [path.name for path in paths]
    assert names == ['best.png', 'typical.png', 'worst.png']
    sheets = [cv2.imread(str(path)) for path in paths]
    assert (sheets[0] != sheets[2]).any()
