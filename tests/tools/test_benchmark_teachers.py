import json
from pathlib import Path

import numpy as np
import pytest
from helpers import shared_path

from self_verify_pose.models.kinematics.body import load_body
from self_verify_pose.tools import (
    benchmark_teachers,
    fit_body_statistics,
    fit_pose_prior,
)

pytest.importorskip('pytorch_kinematics')


def _poses(path: Path) -> Path:
    """Noisy upright persons with every joint labeled."""
    rng = np.random.default_rng(0)
    rest = np.array(load_body().rest)[:, :2]
    points = 300 * rest + 400 + rng.normal(0, 3, (64, 17, 2))
    low, high = points.min(1), points.max(1)
    np.savez(
        path,
        keypoints=np.dstack([points, np.full((64, 17), 2)]).astype(np.int16),
        bbox=np.hstack([low, high - low]).astype(np.float32),
        image_id=np.arange(64),
    )
    return path


def test_benchmark_prints_a_table_and_writes_json(tmp_path, capsys):
    poses = _poses(tmp_path / 'poses.npz')
    out = tmp_path / 'report.json'
    sizes = '--persons 32 --corrupted 32 --speed 32 --adam 8 --threads 1'
    benchmark_teachers.main(
        ['--poses', str(poses), '--out', str(out), *sizes.split()]
    )
    text = capsys.readouterr().out
    report = json.loads(out.read_text())
    assert '| fk · speed · poses per second |' in text
    for name in ('free', 'fk'):
        assert report[name]['ground truth']['median residual'] < 0.03
        assert report[name]['corrupted']['jump'] > 0.8
    for row in report['adam'].values():
        assert row['fk is faster by'] > 0
        assert 0 < row['median residual'] < 0.1


def test_body_statistics_are_written(tmp_path, capsys):
    poses = _poses(tmp_path / 'poses.npz')
    fit_body_statistics.main([str(poses), '--out', str(tmp_path)])
    text = capsys.readouterr().out
    assert '| thigh |' in text
    body = json.loads((tmp_path / 'body.json').read_text())
    assert len(body['rest']) == 17
    assert (tmp_path / 'human.urdf').read_text().count('type="revolute"') == 25


def test_prior_is_written_without_the_excluded_images(tmp_path, capsys):
    poses = _poses(tmp_path / 'poses.npz')
    excluded = tmp_path / 'labels.json'
    excluded.write_text(json.dumps({'images': [{'id': 3}, {'id': 5}]}))
    out = tmp_path / 'prior.npz'
    files = [str(poses), '--exclude', str(excluded), '--out', str(out)]
    fit_pose_prior.main([*files, '--steps', '2', '--threads', '1'])
    text = capsys.readouterr().out
    assert text.startswith('62 persons, 2 left out')
    assert 'CC BY 4.0' in str(np.load(out)['source'])


@pytest.mark.slow
def test_trust_is_measured_on_the_given_predictions(tmp_path, coco_mini):
    out = tmp_path / 'report.json'
    sizes = '--persons 8 --corrupted 8 --speed 8 --adam 4 --threads 1'
    benchmark_teachers.main(
        [
            *('--coco', str(coco_mini)),
            *('--predictions', str(shared_path('data', 'predictions'))),
            *('--out', str(out), *sizes.split()),
        ]
    )
    free = json.loads(out.read_text())['free']
    values = list(_numbers(free))
    assert len(values) > 20
    aurocs = [v for name, v in values if name == 'trust']
    assert aurocs
    assert all(0.5 < value < 1 for value in aurocs)


def _numbers(report, name=''):
    """Names and values of the leaves of nested dictionaries."""
    if isinstance(report, dict):
        for key, value in report.items():
            yield from _numbers(value, key)
    else:
        yield name, report
