import numpy as np
import pytest
from mmpose.datasets.transforms import PackPoseInputs

from self_verify_pose.datasets.transforms.loaded_field import (
    add_field,
    check_missing,
)


def test_fields_are_packed_beside_each_other_and_what_was_there():
    results = {}
    for name in ('one', 'other'):
        add_field(results, name, np.ones((1, 2)))
    table = results['instance_mapping_table']
    own = PackPoseInputs.instance_mapping_table
    assert table == {**own, 'one': 'one', 'other': 'other'}
    assert 'one' not in own
    results = {'instance_mapping_table': {'bbox': 'bboxes'}}
    add_field(results, 'one', np.ones((1, 2)))
    assert set(results['instance_mapping_table']) == {'bbox', 'one'}


def test_an_unknown_action_is_refused():
    for known in ('error', 'skip', 'ignore'):
        check_missing('Load.missing', known)
    with pytest.raises(ValueError, match=r"Load.missing: .*found 'zero'"):
        check_missing('Load.missing', 'zero')
