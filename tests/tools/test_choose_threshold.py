"""The tool that chooses thresholds with a guarantee."""

import json
import pickle

import numpy as np
import pytest
from decision_files import write_files
from helpers import load_tool

from self_verify_pose.engine.decisions.certificate import load_certificate

TOOL = load_tool('choose_threshold')


def choose(folder, *options, predictions='scored.json'):
    given = [folder / predictions, '--ann', folder / 'ann.json']
    given += ['--out', folder / 'certificate.json', '--risk', '.2', *options]
    return TOOL.main([*map(str, given)])


def check(folder, predictions='scored.json'):
    given = [folder / predictions, '--check', folder / 'certificate.json']
    return TOOL.main([*map(str, given)])


def test_a_file_gets_its_certificate(tmp_path, capsys):
    assert choose(write_files(tmp_path)) == 0
    printed = capsys.readouterr().out
    assert 'at most 20.0% are wrong' in printed
    found = load_certificate(tmp_path / 'certificate.json')
    assert f'{"all joints":24} {found.all.threshold:.3f}  keeps' in printed
    assert (found.all.images, found.all.joints, found.persons) == (
        90,
        480,
        120,
    )
    assert 0.3 < found.all.kept <= 1
    assert found.all.wrong < 0.2
    assert [*found.groups] == ['head', 'legs']
    assert [*found.joints] == ['nose', 'left_eye', 'left_knee', 'right_knee']
    assert found.data['ann']['name'] == 'ann.json'
    assert len(found.data['predictions']['sha256']) == 64
    scores = np.array(
        [
            one['keypoint_trust']
            for one in json.loads((tmp_path / 'scored.json').read_text())
        ]
    )
    kept = found.accept(scores)
    assert kept.mean() == pytest.approx(found.all.kept)


def test_the_raw_score_and_another_radius_are_options(tmp_path):
    write_files(tmp_path)
    options = ['--score', 'keypoint_scores', '--dist-thr', '.5']
    assert choose(tmp_path, *options, '--risk', '.05') == 0
    found = load_certificate(tmp_path / 'certificate.json')
    assert (found.score, found.dist_thr) == ('keypoint_scores', 0.5)
    assert found.all.kept == 1  # nothing is as wrong as that


@pytest.mark.parametrize('joints', [14, 133])
def test_other_skeletons_have_their_thresholds(tmp_path, joints):
    names = [f'left_knee{n}' for n in range(joints)]
    write_files(tmp_path, joints=joints, names=names)
    assert choose(tmp_path) == 0
    found = load_certificate(tmp_path / 'certificate.json')
    assert found.joint_names == tuple(names)
    assert [*found.joints] == names
    assert found.groups['legs'] == found.all
    assert found.accept(np.ones((2, joints))).all()


def test_a_few_images_say_so(tmp_path, capsys):
    assert choose(write_files(tmp_path, images=12)) == 0
    assert 'too few labels: 12 images' in capsys.readouterr().out
    found = load_certificate(tmp_path / 'certificate.json')
    assert found.all.threshold is None
    assert not found.accept(np.ones(4)).any()


def test_a_check_tells_like_from_unlike_images(tmp_path, capsys):
    assert choose(write_files(tmp_path)) == 0
    (tmp_path / 'new').mkdir()
    write_files(tmp_path / 'new', seed=1)
    capsys.readouterr()
    assert check(tmp_path, 'new/scored.json') == 0
    assert 'No difference' in capsys.readouterr().out
    path = tmp_path / 'new' / 'scored.json'
    entries = json.loads(path.read_text())
    for entry in entries:
        entry['keypoint_trust'] = [v / 2 for v in entry['keypoint_trust']]
    path.write_text(json.dumps(entries))
    assert check(tmp_path, 'new/scored.json') == 1
    assert 'promise does not carry over' in capsys.readouterr().out


def test_a_dump_is_read_as_well(tmp_path):
    write_files(tmp_path)
    entries = json.loads((tmp_path / 'scored.json').read_text())
    truth = json.loads((tmp_path / 'ann.json').read_text())
    samples = []
    for entry, person in zip(entries, truth['annotations'], strict=True):
        rows, labels = (
            np.reshape(one['keypoints'], (1, 4, 3)) for one in (entry, person)
        )
        box = np.array([[0.0, 0.0, 200.0, 200.0]])
        samples.append(
            {
                'id': person['id'],
                'img_id': person['image_id'],
                'gt_instances': {
                    'keypoints': labels[..., :2],
                    'keypoints_visible': labels[..., 2],
                    'bboxes': box,
                },
                'pred_instances': {
                    'keypoints': rows[..., :2],
                    'keypoint_scores': rows[..., 2],
                    'keypoint_trust': np.array([entry['keypoint_trust']]),
                    'bboxes': box,
                },
            }
        )
    path = tmp_path / 'preds.pkl'
    path.write_bytes(pickle.dumps(samples))
    given = [path, '--out', tmp_path / 'dump.json', '--risk', '.2']
    assert TOOL.main([*map(str, given)]) == 0
    assert choose(tmp_path) == 0
    dump, results = (
        load_certificate(tmp_path / name)
        for name in ('dump.json', 'certificate.json')
    )
    assert dump.all == results.all
    assert dump.image_scores == results.image_scores
    assert check(tmp_path, 'preds.pkl') == 0


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (['--risk', '1.5'], 'risk: expected a number between 0 and 1'),
        (['--confidence', '0'], 'confidence: expected a number between'),
        (['--dist-thr', '-1'], 'dist-thr: expected a number above 0'),
        (['--score', 'luck'], 'score: expected luck, found predictions with'),
    ],
)
def test_wrong_options_end_in_one_sentence(tmp_path, capsys, options, words):
    assert choose(write_files(tmp_path), *options) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert not (tmp_path / 'certificate.json').exists()


def test_a_check_needs_the_score_of_the_certificate(tmp_path, capsys):
    assert choose(write_files(tmp_path)) == 0
    path = tmp_path / 'scored.json'
    entries = json.loads(path.read_text())
    for entry in entries:
        del entry['keypoint_trust']
    path.write_text(json.dumps(entries))
    assert check(tmp_path) == 2
    error = capsys.readouterr().err
    assert 'scored.json: score: expected keypoint_trust, found' in error


@pytest.mark.parametrize(
    'given',
    [
        [],
        ['a.json'],
        ['a.json', '--out', 'b', '--check', 'c'],
        [
            'a.json',
            '--out',
            'b',
            '--config',
            'c',
            '--checkpoint',
            'd',
            '--ann',
            'e',
        ],
        ['a.json', '--out', 'b', '--store', 'c'],
        ['--config', 'c', '--checkpoint', 'd', '--out', 'b'],
    ],
)
def test_options_that_do_not_fit_are_refused(given, capsys):
    with pytest.raises(SystemExit):
        TOOL.main(given)
    assert 'expected' in capsys.readouterr().err
