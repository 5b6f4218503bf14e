"""The tool that selects images to label."""

import csv
import json
import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np
import pytest
from helpers import load_tool
from pycocotools.coco import COCO
from scored_results import scored_results

TOOL = load_tool('select_images')


def select(folder, *options, count=3):
    arguments = [folder / 'scored.json', '--out', folder / 'out']
    return TOOL.main([*map(str, (*arguments, '--count', count, *options))])


def read(folder, name):
    return json.loads((folder / 'out' / name).read_text())


@pytest.mark.parametrize('joints', [14, 17, 133])
def test_all_files_name_the_same_images(tmp_path, joints, capsys):
    found = scored_results(tmp_path, joints)
    names = '--ann', tmp_path / 'images.json'
    assert select(tmp_path, *names, '--spread', 1) == 0
    assert '3 of 6 images' in capsys.readouterr().out
    records = read(tmp_path, 'images.json')
    assert [one['image_id'] for one in records] == [6, 5, 4]
    wrong = sum(
        1 - value
        for one in found
        if one['image_id'] == 6
        for value in one['keypoint_trust']
    )
    assert records[0]['expected_wrong_joints'] == pytest.approx(wrong, 1e-3)
    with (tmp_path / 'out' / 'images.csv').open() as file:
        rows = list(csv.DictReader(file))
    files = [one['file_name'] for one in records]
    assert [row['file_name'] for row in rows] == files
    text = (tmp_path / 'out' / 'images.txt').read_text()
    assert text.split() == files
    tasks = read(tmp_path, 'label_studio.json')
    assert [task['data']['image'] for task in tasks] == files
    coco = COCO(str(tmp_path / 'out' / 'cvat_coco.json'))
    assert [one['file_name'] for one in coco.loadImgs([6, 5, 4])] == files
    assert len(coco.anns) == 6
    assert not (tmp_path / 'out' / 'contact_sheet.png').exists()


def test_labeling_tools_get_the_predicted_joints(tmp_path):
    found = scored_results(tmp_path)
    found[-1]['keypoints'][:2] = [-40, 900]  # beside the image
    (tmp_path / 'scored.json').write_text(json.dumps(found))
    names = '--ann', tmp_path / 'images.json'
    assert select(tmp_path, *names, '--image-url', '/data/', count=1) == 0
    (task,) = read(tmp_path, 'label_studio.json')
    assert task['data']['image'].startswith('/data/0000')
    regions = task['predictions'][0]['result']
    boxes = [one for one in regions if one['type'] == 'rectanglelabels']
    points = [one for one in regions if one['type'] == 'keypointlabels']
    assert (len(boxes), len(points)) == (2, 34)
    assert len({one['id'] for one in regions}) == 36
    values = np.array([[p['value']['x'], p['value']['y']] for p in points])
    assert ((values >= 0) & (values <= 100)).all()
    expected = np.reshape(found[-1]['keypoints'], (17, 3))[1, :2]
    np.testing.assert_allclose(
        values[18], expected * 100 / (160, 150), atol=0.01
    )
    config = ElementTree.parse(tmp_path / 'out' / 'label_studio.xml')
    labels = {one.get('value') for one in config.iter('Label')}
    assert {p['value']['keypointlabels'][0] for p in points} < labels
    coco = read(tmp_path, 'cvat_coco.json')
    person = coco['annotations'][1]
    flags = person['keypoints'][2::3]
    doubtful = [value < 0.5 for value in found[-1]['keypoint_trust']]
    assert [flag == 1 for flag in flags] == doubtful
    assert person['keypoints'][:2] == [0, 149]


def test_the_folder_alone_names_the_images(tmp_path):
    scored_results(tmp_path)
    assert select(tmp_path, '--images', tmp_path / 'images') == 0
    records = read(tmp_path, 'images.json')
    assert records[0]['file_name'].startswith('0000')
    coco = read(tmp_path, 'cvat_coco.json')
    assert (coco['images'][0]['width'], coco['images'][0]['height']) == (
        (160, 150)
    )
    sheet = cv2.imread(str(tmp_path / 'out' / 'contact_sheet.png'))
    assert sheet.shape[1] > 600
    # no sheet of other images stays beside a later selection
    assert select(tmp_path, '--ann', tmp_path / 'images.json') == 0
    assert not (tmp_path / 'out' / 'contact_sheet.png').exists()


def test_the_wrong_ones_of_some_joints_are_counted(tmp_path):
    found = scored_results(tmp_path)
    options = '--ann', tmp_path / 'images.json', '--joints', 'joint 3'
    assert select(tmp_path, *options, count=6) == 0
    for record in read(tmp_path, 'images.json'):
        own = [e for e in found if e['image_id'] == record['image_id']]
        wrong = sum(1 - one['keypoint_trust'][3] for one in own)
        assert record['expected_wrong_joints'] == pytest.approx(wrong, 1e-2)


def test_given_features_spread_the_images(tmp_path):
    scored_results(tmp_path)
    features = np.array([0.0, 0, 0, 5, 9, 9])[:, None]
    path = tmp_path / 'features.npz'
    np.savez(path, image_ids=np.arange(1, 7), features=features)
    options = '--ann', tmp_path / 'images.json', '--features', path
    assert select(tmp_path, *options, '--spread', 2, count=2) == 0
    chosen = [one['image_id'] for one in read(tmp_path, 'images.json')]
    assert chosen == [6, 3]
