import json
from typing import NamedTuple

from self_verify_pose.metrics.json_values import to_json_values


class Interval(NamedTuple):
    low: float
    high: float


def test_nested_results_become_plain_values():
    value = {3: [Interval(0.5, float('nan')), (1, 'text', None, True)]}
    plain = to_json_values(value)
    assert plain == {
        '3': [{'low': 0.5, 'high': None}, [1, 'text', None, True]]
    }
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
