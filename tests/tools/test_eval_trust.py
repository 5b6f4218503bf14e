import json
import pickle
import subprocess
import sys

import numpy as np
import pytest
from evaluation_inputs import make_joints
from helpers import ROOT, environment_without_coverage, load_tool
from PIL import Image
from prediction_files import write_all

from self_verify_pose.metrics.evaluation.io.reading import SIMCC_SCORES
from self_verify_pose.tools.benchmark.memory import MEASURED_TOOL

TOOL = ROOT / 'tools/eval_trust.py'


def run(*arguments):
    return subprocess.run(
        [sys.executable, str(TOOL), *map(str, arguments)],
        capture_output=True,
        text=True,
    )


def run_here(capsys, *arguments):
    """The same without a new process: exit code and standard error."""
    try:
        code = load_tool('eval_trust').main(list(map(str, arguments)))
    except SystemExit as stop:
        code = stop.code
    return code, capsys.readouterr().err


def write_dump(path, joints):
    truth = joints.truth
    samples = []
    for n in range(len(truth)):
        flags = truth.labeled[n] * (2 - truth.occluded[n])
        rows = np.column_stack([truth.keypoints[n], flags])
        samples.append(
            {
                'id': int(truth.person_ids[n]),
                'img_id': int(truth.image_ids[n]),
                'raw_ann_info': {
                    'id': int(truth.person_ids[n]),
                    'area': float(truth.areas[n]),
                    'keypoints': rows.ravel().tolist(),
                },
                'gt_instances': {
                    'keypoints': truth.keypoints[None, n],
                    'keypoints_visible': truth.labeled[None, n].astype(float),
                    'bboxes': truth.boxes[None, n],
                },
                'pred_instances': {
                    'keypoints': joints.keypoints[None, n],
                    **{k: s[None, n] for k, s in joints.scores.items()},
                },
            }
        )
    path.write_bytes(pickle.dumps(samples))
    return path


def test_two_dumps_give_one_report(tmp_path):
    dumps = [
        write_dump(tmp_path / f'run{k}.pkl', make_joints(seed=k, shift=shift))
        for k, shift in enumerate((0.2, None))
    ]
    out = tmp_path / 'report'
    done = run(
        *dumps, '--out', out, '--bootstrap', 10, '--seed', 4,
        '--dist-thr', 0.1,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '| trust | ' in done.stdout
    assert done.stdout.strip().endswith('report.md')
    content = json.loads((out / 'report.json').read_text())
    assert list(content) == ['run0', 'run1']
    joints = make_joints(seed=1)
    wrong = (joints.errors > 0.1)[joints.truth.labeled].mean()
    assert content['run1']['error_rate']['value'] == pytest.approx(wrong)
    assert content['run1']['settings'] == {
        'dist_thr': 0.1,
        'criterion': 'bbox',
        'n_bootstrap': 10,
        'seed': 4,
    }
    assert 'bone_lengths' in content['run0']['scores']
    # with wrong joints only, three figures can be drawn
    assert len(list((out / 'figures').glob('*.png'))) == 3 + 7


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['missing.pkl'], 'found nothing at'),
        (['good.pkl', 'empty.pkl'], 'found an empty dump'),
        (['good.pkl', 'wrong.pkl'], 'expected a dump of mim test'),
        (['good.pkl', 'good.pkl'], 'found one repeated'),
        (['good.pkl', '--dist-thr', '-1'], 'dist_thr must be'),
        (['good.pkl', '--bootstrap', '-1'], 'n_bootstrap'),
        (['good.pkl', '--criterion', 'pck'], 'invalid choice'),
        (
            ['good.pkl', '--criterion', 'oks', '--dist-thr', '0.1'],
            'belongs to --criterion bbox',
        ),
        (['good.pkl', '--ann', 'other.json'], 'other.json'),
    ],
)
def test_bad_input_stops_before_anything_is_written(
    arguments, message, tmp_path, capsys
):
    write_dump(tmp_path / 'good.pkl', make_joints(persons=4))
    (tmp_path / 'empty.pkl').write_bytes(pickle.dumps([]))
    (tmp_path / 'wrong.pkl').write_text('text')
    given = [
        tmp_path / a if a.endswith(('.pkl', '.json')) else a for a in arguments
    ]
    code, text = run_here(capsys, *given, '--out', tmp_path / 'report')
    assert code in (1, 2)
    assert message in text
    assert not (tmp_path / 'report').exists()


def test_out_that_is_a_file_is_refused(tmp_path, capsys):
    dump = write_dump(tmp_path / 'good.pkl', make_joints(persons=4))
    code, text = run_here(capsys, dump, '--out', dump)
    assert code == 2
    assert 'expected a folder, found the file' in text


@pytest.mark.slow
def test_ten_thousand_persons_take_seconds_and_little_memory(tmp_path):
    joints = make_joints(persons=10_000)
    rng = np.random.default_rng(0)
    for name in (*SIMCC_SCORES, 'other'):
        noise = rng.normal(0, 0.2, joints.keypoints.shape[:2])
        joints.scores[name] = joints.scores['keypoint_trust'] + noise
    dump = write_dump(tmp_path / 'preds.pkl', joints)
    arguments = [TOOL, dump, '--out', tmp_path / 'report']
    done = subprocess.run(
        [sys.executable, '-c', MEASURED_TOOL, *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment_without_coverage(),
    )
    assert done.returncode == 0, done.stderr
    seconds, kibibytes = done.stdout.split('measured')[1].split()
    # of one core: the clock on the wall also counts what others do
    assert float(seconds) < 20
    assert int(kibibytes) < 1e6


def test_a_page_counts_its_persons(tmp_path, capsys, monkeypatch):
    tool, pages = load_tool('eval_trust'), {}
    monkeypatch.setattr(
        tool, 'write_report', lambda reports, out, new: pages.update(new)
    )
    dump = write_dump(tmp_path / 'preds.pkl', make_joints(persons=150))
    out = tmp_path / 'report'
    options = ['--html', '--bootstrap', '0', '--out', str(out)]
    assert tool.main([str(dump), *options]) == 0
    shown = len(pages['preds']['persons'])
    assert 60 < shown < 150
    assert capsys.readouterr().out.endswith(
        f'report.html: {shown} of 150 persons of preds are shown, '
        f'{150 - shown} are left out\n'
    )


def test_a_broken_image_stops_before_the_evaluation(
    tmp_path, capsys, monkeypatch
):
    files = write_all(tmp_path)
    for image in json.loads(files['ann'].read_text())['images']:
        Image.new('RGB', (9, 9)).save(tmp_path / image['file_name'])
    broken = tmp_path / '1.jpg'
    broken.write_bytes(broken.read_bytes()[:200])
    tool = load_tool('eval_trust')
    monkeypatch.setattr(tool, 'evaluate_predictions', None)
    out = tmp_path / 'report'
    code = tool.main([
        str(files['json']), '--ann', str(files['ann']), '--out', str(out),
        '--html', '--images', str(tmp_path),
    ])  # fmt: skip
    assert code == 2
    errors = capsys.readouterr().err
    assert f'found 1 that cannot be read, first {broken} (' in errors
    assert errors.count('\n') == 1
    assert not out.exists()


def test_images_of_a_page_need_the_page(tmp_path, capsys):
    path = tmp_path / 'preds.pkl'
    code, errors = run_here(capsys, path, '--images', tmp_path)
    assert code == 2
    assert '--images belongs to --html' in errors
    code, errors = run_here(capsys, path, '--html', '--images', tmp_path)
    assert code == 2
    assert '--images: expected --ann' in errors
