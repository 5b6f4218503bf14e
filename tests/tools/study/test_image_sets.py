import json

import pytest

from self_verify_pose.tools.study.image_sets import (
    check_disjoint_sets,
    find_eval_sets,
    find_set,
    read_content,
)


def make_plain(root):
    (root / 'images').mkdir(parents=True)
    (root / 'annotations.json').write_text('{}')
    return root


def make_coco(root):
    (root / 'annotations').mkdir(parents=True)
    for split in ('train', 'val'):
        (root / f'{split}2017').mkdir()
        name = f'person_keypoints_{split}2017.json'
        (root / 'annotations' / name).write_text('{}')
    return root


def test_both_layouts_are_found(tmp_path):
    plain = find_set(make_plain(tmp_path / 'sport'), 'val')
    assert plain.name == 'sport'
    assert plain.images == tmp_path / 'sport' / 'images'
    coco = find_set(make_coco(tmp_path / 'coco'), 'val')
    assert coco.name == 'coco val2017'
    assert coco.annotations.name == 'person_keypoints_val2017.json'
    assert find_set(tmp_path / 'coco', 'train').images.name == 'train2017'


def test_neither_layout_says_what_was_expected(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'train2017.*annotations\.js'):
        find_set(tmp_path, 'train')


def test_tables_of_the_same_name_are_refused(tmp_path):
    roots = [make_plain(tmp_path / name / 'sport') for name in 'ab']
    with pytest.raises(ValueError, match='different names'):
        find_eval_sets(roots)
    assert [one.name for one in find_eval_sets(roots[:1])] == ['sport']


def make_set(root, images, persons):
    """Make a set of images with content, and persons with keypoints."""
    (root / 'images').mkdir(parents=True)
    content = {'images': [], 'annotations': []}
    for index, text in enumerate(images):
        name = f'{root.name}_{index}.jpg'
        (root / 'images' / name).write_text(text)
        size = {'width': 64, 'height': 48}
        content['images'].append({'id': index, 'file_name': name, **size})
    for index, keypoints in enumerate(persons):
        content['annotations'].append(
            {
                'id': index,
                'image_id': index,
                'category_id': 1,
                'bbox': [1, 2, 30, 40],
                'keypoints': keypoints,
            }
        )
    (root / 'annotations.json').write_text(json.dumps(content))
    return find_set(root, 'val')


def test_copies_under_other_names_are_refused(tmp_path):
    one = make_set(tmp_path / 'one', 'abx', [[1, 2, 2], [3, 4, 1]])
    other = make_set(tmp_path / 'other', 'cdx', [[5, 6, 2], [0, 0, 0]])
    # the images without an annotation are the same, and are not shown
    assert check_disjoint_sets([one], [other], '--eval') == 2
    again = make_set(tmp_path / 'again', 'cb', [[7, 8, 2], [9, 9, 2]])
    with pytest.raises(ValueError, match=r'--calib: .* 1 images and 0 pers'):
        check_disjoint_sets([one], [again], '--calib')


def test_images_of_other_compression_are_known_by_their_persons(tmp_path):
    one = make_set(tmp_path / 'one', 'ab', [[1, 2, 2], [0, 0, 0]])
    other = make_set(tmp_path / 'other', 'cd', [[1, 2.0, 2], [0, 0, 0]])
    with pytest.raises(ValueError, match='0 images and 1 persons'):
        check_disjoint_sets([one], [other], '--eval')
    assert read_content(one).key != read_content(other).key
