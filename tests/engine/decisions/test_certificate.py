import dataclasses
import json

import numpy as np
import pytest

from self_verify_pose.engine.decisions.certificate import (
    Certificate,
    as_json,
    from_json,
    load_certificate,
    save_certificate,
)
from self_verify_pose.engine.decisions.risk_control import Threshold

NAMES = ('nose', 'left_eye', 'left_knee', 'right_knee')
NONE = Threshold(None, 'too few labels', 3, 9)


def make_certificate(**changes):
    certificate = Certificate(
        'keypoint_trust',
        0.05,
        0.9,
        0.05,
        NAMES,
        Threshold(0.5, '', 80, 300, 0.7, 0.02),
        {'head': Threshold(0.4, '', 80, 150, 0.8, 0.02), 'legs': NONE},
        dict.fromkeys(NAMES[1:], NONE)
        | {'nose': Threshold(0.9, '', 70, 70, 0.2, 0.0)},
        90,
        {'ann': {'name': 'ann.json', 'sha256': '00'}},
        ((0.25,) * 4, (0.75,) * 4),
    )
    return dataclasses.replace(certificate, **changes)


def test_a_level_decides_which_threshold_holds():
    certificate = make_certificate()
    scores = [[0.5, 0.49, 0.6, 0.1], [0.95, 0.4, 0.9, 0.9]]
    expected = {
        'all': [[1, 0, 1, 0], [1, 0, 1, 1]],
        'groups': [[1, 1, 0, 0], [1, 1, 0, 0]],
        'joints': [[0, 0, 0, 0], [1, 0, 0, 0]],
    }
    for level, kept in expected.items():
        assert certificate.accept(scores, level).tolist() == kept
    single = np.array(scores, np.float32)
    assert certificate.accept(single).tolist() == expected['all']
    with pytest.raises(ValueError, match='level: expected one of all'):
        certificate.thresholds('body')
    with pytest.raises(ValueError, match='expected 4 joints, found'):
        certificate.accept(np.zeros((2, 17)))


def test_a_certificate_is_read_as_it_was_written(tmp_path):
    path = tmp_path / 'certificate.json'
    save_certificate(make_certificate(), path)
    assert load_certificate(path) == make_certificate()
    content = json.loads(path.read_text())
    assert content['unit'] == 'image'
    assert 'at most 5.0% are wrong' in content['promise']
    assert '90% confidence' in content['promise']
    assert content['images'] == 80
    names = [name for name, _ in make_certificate().lines()]
    assert names[:4] == ['all joints', 'head', 'legs', 'left_eye']


@pytest.mark.parametrize(
    'change',
    [
        {'format': 'other'},
        {'version': 2},
        {'risk': None},
        {'all': {'threshold': 'high'}},
        {'all': {**NONE._asdict(), 'threshold': 'high'}},
        {'joints': {}},
        {'groups': {}},
        {'image_scores': [[0.5, 0.5, 0.5, None]]},
        {'image_scores': [[0.5]]},
        {'image_scores': [[float('nan')] * 4]},
    ],
)
def test_another_content_is_refused(change):
    content = {**as_json(make_certificate()), **change}
    with pytest.raises(ValueError, match='x: expected a certificate of choo'):
        from_json(content, 'x')
    with pytest.raises(ValueError, match='x: expected a certificate of choo'):
        from_json([], 'x')


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='found nothing at'):
        load_certificate(tmp_path / 'none.json')
