import json

import pytest

from self_verify_pose.tools.study.image_sets import (
    check_disjoint_sets,
    find_set,
)
from self_verify_pose.tools.study.split_set import main


@pytest.fixture
def whole(tmp_path):
    """Ten images, of which each shows its number of persons."""
    root = tmp_path / 'whole'
    (root / 'images').mkdir(parents=True)
    images, persons = [], []
    for index in range(10):
        name = f'{index}.jpg'
        (root / 'images' / name).write_text(name)
        size = {'width': 99, 'height': 99}
        images.append({'id': index, 'file_name': name, **size})
        for person in range(index):
            keypoints = [index, person, 2] * 17
            persons.append({'image_id': index, 'keypoints': keypoints})
    persons.append({'image_id': 9, 'keypoints': [0, 0, 0] * 17})
    for number, person in enumerate(persons):
        box = {'bbox': [0, 0, 50, 50], 'area': 9, 'iscrowd': 0}
        person.update(id=number, category_id=1, **box)
    content = {
        'images': images,
        'annotations': persons,
        'categories': [{'id': 1}],
    }
    (root / 'annotations.json').write_text(json.dumps(content))
    return root


def test_each_image_is_in_one_part_with_all_its_persons(
    whole, tmp_path, capsys
):
    out = tmp_path / 'parts'
    assert main(['--set', str(whole), '--out', str(out)]) == 0
    parts = [find_set(out / name, 'train') for name in ('train', 'calib')]
    assert check_disjoint_sets(parts[:1], parts[1:], '--calib') == 2
    printed = capsys.readouterr().out
    images, annotations = [], []
    for part, count in zip(parts, (8, 2), strict=True):
        content = json.loads(part.annotations.read_text())
        assert content['categories'] == [{'id': 1}]
        shown = {one['id'] for one in content['images']}
        assert len(shown) == count
        assert {one['image_id'] for one in content['annotations']} <= shown
        line = f'{count} images, {sum(shown)} persons'
        assert f'{part.annotations.parent}: {line}' in printed
        images += content['images']
        annotations += content['annotations']
    assert len(images) == 10
    assert len(annotations) == sum(range(10)) + 1


def test_an_existing_folder_is_not_overwritten(whole, tmp_path, capsys):
    assert main(['--set', str(whole), '--out', str(tmp_path)]) == 2
    assert '--out: expected a new folder' in capsys.readouterr().err
