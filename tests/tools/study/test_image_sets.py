import pytest

from self_verify_pose.tools.study.image_sets import (
    check_disjoint_sets,
    find_set,
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


def test_images_that_something_is_fitted_to_are_refused_for_evaluation(
    tmp_path,
):
    plain = find_set(make_plain(tmp_path / 'sport'), 'val')
    coco = find_set(make_coco(tmp_path / 'coco'), 'train')
    check_disjoint_sets([coco], [plain])
    with pytest.raises(ValueError, match='nothing is fitted to'):
        check_disjoint_sets([coco, plain], [plain])
