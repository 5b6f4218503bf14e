import json
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from self_verify_pose.datasets.synthetic import make_dataset


def contents(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob('*'))
        if path.is_file()
    }


@pytest.fixture(scope='module')
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp('synthetic') / 'coco'
    report = make_dataset(root, 9, 3, seed=5)
    return root, report


def test_layout_and_report(made):
    root, report = made
    assert report.made
    assert report.images == {'train': 9, 'val': 3}
    names = set(contents(root))
    assert {
        'annotations/person_keypoints_train2017.json',
        'annotations/joints_3d_val2017.npz',
        'synthetic.json',
    } <= names
    assert sum(name.startswith('train2017/') for name in names) == 9
    assert 'synthetic.incomplete' not in names


def test_workers_do_not_change_a_byte_and_the_seed_does(made, tmp_path):
    root, _ = made
    make_dataset(tmp_path / 'two', 9, 3, seed=5, workers=2)
    assert contents(tmp_path / 'two') == contents(root)
    make_dataset(tmp_path / 'other', 9, 3, seed=6)
    other = contents(tmp_path / 'other')
    assert set(other) == set(contents(root))
    assert all(
        other[name] != data
        for name, data in contents(root).items()
        if name.endswith('.jpg')
    )


def test_more_images_keep_the_first_ones(made, tmp_path):
    make_dataset(tmp_path, 2, 1, seed=5)
    few, many = contents(tmp_path), contents(made[0])
    images = [name for name in few if name.endswith('.jpg')]
    assert all(few[name] == many[name] for name in images)


def test_second_run_changes_nothing(made):
    root, first = made
    before = {p: p.stat().st_mtime_ns for p in root.rglob('*')}
    report = make_dataset(root, 9, 3, seed=5)
    assert not report.made
    assert report.people == first.people
    assert {p: p.stat().st_mtime_ns for p in root.rglob('*')} == before


def test_saved_joints_project_onto_the_keypoints(made):
    root, _ = made
    notes = root / 'annotations'
    saved = np.load(notes / 'joints_3d_train2017.npz')
    content = json.loads(
        (notes / 'person_keypoints_train2017.json').read_text()
    )
    assert saved['joints'].dtype == np.float32
    assert saved['ids'].tolist() == [a['id'] for a in content['annotations']]
    xy = saved['joints'][..., :2] / saved['joints'][..., 2:]
    xy = (
        xy * saved['intrinsics'][:, None, :1]
        + saved['intrinsics'][:, None, 1:]
    )
    truth = np.array([a['keypoints'] for a in content['annotations']])
    truth = truth.reshape(-1, 17, 3)
    labeled = truth[..., 2] > 0
    assert np.abs(xy - truth[..., :2])[labeled].max() < 2e-3


def test_interrupted_run_is_made_again(made, tmp_path):
    root = tmp_path / 'coco'
    calls = []

    def stop_after_five():
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_dataset(root, 9, 3, seed=5, on_image=stop_after_five)
    assert not (root / 'synthetic.json').exists()
    assert make_dataset(root, 9, 3, seed=5).made
    assert contents(root) == contents(made[0])


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('train2017/*.jpg', None),
        ('val2017/*.jpg', b'truncated'),
        ('annotations/*train2017.json', b'{}'),
        ('annotations/*val2017.npz', None),
    ],
)
def test_what_was_lost_or_changed_is_made_again(name, content, tmp_path):
    assert not make_dataset(tmp_path, 2, 1).corrupted
    complete = contents(tmp_path)
    path = next(tmp_path.glob(name))
    path.unlink() if content is None else path.write_bytes(content)
    report = make_dataset(tmp_path, 2, 1)
    assert report.made
    assert report.corrupted
    assert contents(tmp_path) == complete


def test_a_set_without_a_digest_is_made_again(tmp_path):
    make_dataset(tmp_path, 2, 1)
    record = json.loads((tmp_path / 'synthetic.json').read_text())
    assert record.pop('sha256')
    (tmp_path / 'synthetic.json').write_text(json.dumps(record))
    assert make_dataset(tmp_path, 2, 1).corrupted


CODE = """
import sys
from self_verify_pose.datasets.synthetic import make_dataset
if __name__ == '__main__':
    make_dataset(sys.argv[1], 5000, 1, workers=2)
"""


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_the_process_that_began_them(number, tmp_path):
    (tmp_path / 'draw.py').write_text(CODE)
    out = tmp_path / 'coco'
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / 'draw.py'), str(out)],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not list(out.glob('train2017/*.jpg')):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    process.wait(10)
    time.sleep(1)
    count = len(list(out.glob('train2017/*.jpg')))
    time.sleep(0.5)
    assert len(list(out.glob('train2017/*.jpg'))) == count < 5000
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_other_settings_are_an_error_and_change_nothing(made):
    root, _ = made
    before = contents(root)
    with pytest.raises(FileExistsError, match=r'seed=5 \(wanted 6\)'):
        make_dataset(root, 9, 3, seed=6)
    assert contents(root) == before


def test_foreign_folder_is_not_changed(tmp_path):
    (tmp_path / 'annotations').mkdir()
    (tmp_path / 'annotations' / 'mine.json').write_text('{}')
    with pytest.raises(FileExistsError, match='not made by this generator'):
        make_dataset(tmp_path, 2, 1)
    assert set(contents(tmp_path)) == {'annotations/mine.json'}


@pytest.mark.parametrize(
    ('name', 'value'),
    [('train', 0), ('val', 0), ('seed', -1), ('workers', 0)],
)
def test_numbers_out_of_range_are_errors(tmp_path, name, value):
    arguments = {'train': 2, 'val': 1} | {name: value}
    with pytest.raises(ValueError, match=f'expected {name} >= '):
        make_dataset(tmp_path / 'x', **arguments)
    assert not (tmp_path / 'x').exists()


def test_pycocotools_reads_it_and_agrees_on_the_masks(made):
    from pycocotools.coco import COCO

    root, report = made
    coco = COCO(root / 'annotations' / 'person_keypoints_train2017.json')
    persons = coco.loadAnns(coco.getAnnIds(iscrowd=False))
    assert len(persons) == report.people['train']
    assert (
        coco.loadCats(coco.getCatIds(['person']))[0]['keypoints'][0] == 'nose'
    )
    for person in persons:
        record = coco.loadImgs(person['image_id'])[0]
        image = cv2.imread(str(root / 'train2017' / record['file_name']))
        assert image.shape[:2] == (record['height'], record['width'])
        # The polygon runs through the border's pixel centers.
        ratio = coco.annToMask(person).sum() / person['area']
        assert 0.7 < ratio < 1.3


def test_a_perfect_detector_scores_one_in_cocoeval(made):
    from xtcocotools.coco import COCO
    from xtcocotools.cocoeval import COCOeval

    coco = COCO(made[0] / 'annotations' / 'person_keypoints_train2017.json')
    perfect = [
        {
            'image_id': a['image_id'],
            'category_id': 1,
            'keypoints': a['keypoints'],
            'score': 1.0,
        }
        for a in coco.anns.values()
    ]
    sigmas = np.full(17, 0.05)
    evaluation = COCOeval(coco, coco.loadRes(perfect), 'keypoints', sigmas)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1.0)


def test_mmpose_reads_it(made):
    from mmpose.datasets import CocoDataset
    from mmpose.utils import register_all_modules

    import self_verify_pose.compat  # noqa: F401  (before mmpose)

    root, report = made
    register_all_modules()
    dataset = CocoDataset(
        ann_file='annotations/person_keypoints_val2017.json',
        data_root=str(root),
        data_prefix={'img': 'val2017/'},
        pipeline=[],
        test_mode=True,
    )
    assert len(dataset) == report.people['val']
    sample = dataset[0]
    assert sample['keypoints'].shape == (1, 17, 2)
    assert cv2.imread(sample['img_path']) is not None
    labeled = sample['keypoints_visible'][0] > 0
    assert labeled.sum() == sample['raw_ann_info']['num_keypoints']
