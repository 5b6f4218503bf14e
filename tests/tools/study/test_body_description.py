import json

import numpy as np
import pytest

from self_verify_pose.models.kinematics.body import (
    DATA_ROOT,
    load_body,
    read_body_json,
)
from self_verify_pose.skeleton import JOINTS
from self_verify_pose.tools.study.body_description import body_description
from self_verify_pose.tools.study.body_statistics import fit_ratios


@pytest.fixture(scope='module')
def description():
    """Description fitted to noisy copies of the rest body."""
    rest = np.array(load_body().rest)[:, :2]
    rng = np.random.default_rng(0)
    points = rest * 300 + rng.normal(0, 0.5, (100, 17, 2))
    return body_description(fit_ratios(points, np.ones((100, 17), bool)))


def test_rest_pose_is_symmetric(description):
    rest = description['rest']
    for name in JOINTS:
        if name.startswith('left_'):
            x, y, z = rest[name]
            assert rest[name.replace('left', 'right')] == [-x, y, z]


def test_shipped_file_has_the_same_structure(description):
    def keys(value):
        if isinstance(value, dict):
            return {key: keys(item) for key, item in value.items()}
        if isinstance(value, list):
            return [keys(item) for item in value]
        return type(value)

    written = json.loads(json.dumps(description))
    assert keys(written) == keys(read_body_json())
    assert written['source'] in (DATA_ROOT / 'body.json').read_text()


def test_limits_of_the_right_side_are_mirrored(description):
    parts = {part['name']: part['axes'] for part in description['chain']}
    for ball in ('shoulder', 'hip'):
        left, right = parts[f'left_{ball}'], parts[f'right_{ball}']
        assert left['x'] == right['x']
        for axis in 'yz':
            low, high = left[axis]
            assert right[axis] == [-high, -low]
