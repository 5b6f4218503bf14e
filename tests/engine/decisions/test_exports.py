"""Each export is read back by a program that reads this format."""

import json

import cv2
import numpy as np
import pandas
import pytest
from decision_files import certificate_of_coco, write_files
from helpers import load_tool

from self_verify_pose.engine.decisions.certificate import save_certificate
from self_verify_pose.engine.decisions.export_persons import (
    read_export_persons,
)
from self_verify_pose.engine.decisions.exports import as_supervision

TOOL = load_tool('export_trust')
_SLEAP = ('a', '--format', 'sleap', '--out', 'b')
NAMES = ('nose', 'left_eye', 'left_knee', 'right_knee')


@pytest.fixture
def folder(tmp_path):
    """Six images, the first two with two persons, and a certificate."""
    write_files(tmp_path, images=6)
    save_certificate(certificate_of_coco(0.9, NAMES), tmp_path / 'c.json')
    return tmp_path


def export(folder, form, out, *options):
    given = [folder / 'scored.json', '--format', form, '--out', folder / out]
    given += ['--certificate', folder / 'c.json', *options]
    return TOOL.main([*map(str, given)])


def read(folder, certified=True):
    """Points, trust and acceptance of the entries, (N, 4, …)."""
    entries = json.loads((folder / 'scored.json').read_text())
    points = np.array([e['keypoints'] for e in entries]).reshape(-1, 4, 3)
    trust = np.array([e['keypoint_trust'] for e in entries])
    kept = trust >= 0.9 if certified else np.ones(trust.shape, bool)
    return points[..., :2], trust, kept


def test_coco_is_read_by_pycocotools(folder, capsys):
    from pycocotools.coco import COCO

    assert export(folder, 'coco', 'coco.json') == 0
    points, _, kept = read(folder)
    shown = f'8 persons in 6 images, {kept.sum()} of 32 joints kept'
    assert shown in capsys.readouterr().out
    loaded = COCO(str(folder / 'ann.json')).loadRes(str(folder / 'coco.json'))
    found = np.array([a['keypoints'] for a in loaded.dataset['annotations']])
    found = found.reshape(-1, 4, 3)
    np.testing.assert_allclose(found[..., :2], points)
    assert found[..., 2].tolist() == np.where(kept, 2, 0).tolist()


def test_openpose_has_the_layout_that_pose2sim_reads(folder):
    given = ['--ann', folder / 'ann.json']
    assert export(folder, 'openpose', 'json', *given) == 0
    names = sorted(path.name for path in (folder / 'json').iterdir())
    assert names == [f'{n}_keypoints.json' for n in range(6)]
    points, trust, kept = read(folder)
    content = json.loads((folder / 'json/0_keypoints.json').read_text())
    assert content['version'] == 1.3
    assert len(content['people']) == 2
    # as Pose2Sim.common and Pose2Sim.triangulation read them
    for person, row in zip(content['people'], (0, 6), strict=True):
        joints = np.reshape(person['pose_keypoints_2d'], (-1, 3))
        np.testing.assert_allclose(joints[:, :2], points[row])
        np.testing.assert_allclose(joints[:, 2], np.where(kept, trust, 0)[row])


def test_deeplabcut_csv_is_read_by_sleap_io(folder):
    import sleap_io

    given = ['--ann', folder / 'ann.json']
    assert export(folder, 'deeplabcut', 'table.csv', *given) == 0
    for n in range(6):  # it reads frames whose image it finds
        cv2.imwrite(str(folder / f'{n}.jpg'), np.zeros((4, 4, 3), np.uint8))
    labels = sleap_io.load_dlc(str(folder / 'table.csv'))
    names = [node.name for node in labels.skeletons[0].nodes]
    assert sorted(names) == sorted(NAMES)
    points, _, _ = read(folder)
    assert len(labels) == 6
    counts = [len(frame.instances) for frame in labels]
    assert counts == [2, 2, 1, 1, 1, 1]
    order = [NAMES.index(name) for name in names]
    found = labels[3].instances[0].numpy()
    np.testing.assert_allclose(found, points[3][order])


@pytest.mark.parametrize('name', ['table.csv', 'table.h5'])
def test_deeplabcut_tables_are_read_by_pandas(folder, name):
    assert export(folder, 'deeplabcut', name) == 0
    path = folder / name
    table = (
        pandas.read_hdf(path)  # as DeepLabCut does
        if name.endswith('.h5')
        else pandas.read_csv(path, header=[0, 1, 2, 3], index_col=0)
    )
    assert table.columns.names == [
        *('scorer', 'individuals', 'bodyparts', 'coords')
    ]
    points, trust, kept = read(folder)
    second = table['self_verify_pose']['individual2']
    assert second.isna().all(axis=1).tolist() == [False] * 2 + [True] * 4
    np.testing.assert_allclose(second['nose']['x'][:2], points[6:, 0, 0])
    np.testing.assert_allclose(
        second['left_eye']['likelihood'][:2],
        np.where(kept, trust, 0)[6:, 1],
    )


def test_one_person_has_the_columns_of_a_single_animal(folder):
    path = folder / 'scored.json'
    entries = json.loads(path.read_text())
    path.write_text(json.dumps(entries[:6]))
    assert export(folder, 'deeplabcut', 'one.csv') == 0
    table = pandas.read_csv(folder / 'one.csv', header=[0, 1, 2], index_col=0)
    assert table.columns.names == ['scorer', 'bodyparts', 'coords']


def test_sleap_reads_its_file(folder):
    import sleap_io

    assert export(folder, 'sleap', 'poses.slp') == 0
    labels = sleap_io.load_slp(str(folder / 'poses.slp'), open_videos=False)
    points, trust, kept = read(folder)
    first = labels[0].instances
    assert len(first) == 2
    found = first[1].numpy(scores=True)
    np.testing.assert_allclose(found[:, :2], points[6])
    np.testing.assert_allclose(found[:, 2], np.where(kept, trust, 0)[6])


def test_supervision_draws_kept_joints(folder):
    import supervision

    persons = read_export_persons(
        folder / 'scored.json',
        'keypoint_trust',
        certificate_of_coco(0.9, NAMES),
        ann=folder / 'ann.json',
    )
    found = as_supervision(persons)
    assert [*found] == [f'{n}.jpg' for n in range(6)]
    points, _, kept = read(folder)
    np.testing.assert_allclose(found['1.jpg'].xy, points[[1, 7]], rtol=1e-6)
    assert found['1.jpg'].visible.tolist() == kept[[1, 7]].tolist()
    blank = np.zeros((400, 400, 3), np.uint8)
    annotator = supervision.VertexAnnotator(radius=3)
    assert annotator.annotate(blank.copy(), found['1.jpg']).any()


def test_tracks_and_other_skeletons_are_kept(folder):
    path = folder / 'scored.json'
    entries = json.loads(path.read_text())
    for number, entry in enumerate(entries):
        entry['track_id'] = f'p{number % 3}'
        entry['keypoints'] = entry['keypoints'][:9]
        entry['keypoint_trust'] = entry['keypoint_trust'][:3]
    path.write_text(json.dumps(entries))
    persons = read_export_persons(path, 'keypoint_trust')
    assert persons.joint_names == ('0', '1', '2')
    assert persons.tracks[:4] == ('p0', 'p1', 'p2', 'p0')
    assert persons.accepted.all()


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda e: e.update(image_id=99), 'found image_id 99, which it lacks'),
        (lambda e: e['keypoints'].__setitem__(0, None), 'expected finite key'),
        (lambda e: e['keypoint_trust'].pop(), 'scored.json: entry 2: keypoi'),
    ],
)
def test_wrong_files_end_in_one_sentence(folder, capsys, change, words):
    path = folder / 'scored.json'
    entries = json.loads(path.read_text())
    change(entries[2])
    path.write_text(json.dumps(entries))
    given = ['--ann', folder / 'ann.json']
    assert export(folder, 'coco', 'coco.json', *given) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert not (folder / 'coco.json').exists()


def test_wrong_options_are_refused(folder, capsys):
    assert export(folder, 'deeplabcut', 'table.txt') == 2
    assert 'expected the ending .csv or .h5' in capsys.readouterr().err
    save_certificate(certificate_of_coco(0.9), folder / 'c.json')
    assert export(folder, 'coco', 'coco.json') == 2
    assert 'certificate: expected 17 joints' in capsys.readouterr().err
    for given in (
        ['a', '--format', 'coco', '--out', 'b'],
        [*_SLEAP, '--score', 'c', '--certificate', 'd'],
    ):
        with pytest.raises(SystemExit):
            TOOL.main(given)
