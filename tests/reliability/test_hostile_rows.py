"""Each row of hostile_rows.py."""

import pytest
from helpers import shared_path
from hostile_rows import ROWS
from row import check_message

from self_verify_pose.engine.evaluation_input import read_evaluation_input
from self_verify_pose.metrics.functional import aurc, auroc

CLEAN = (64, 0.458, 0.507)
# of the persons 2 to 4
WITHOUT = (48, 0.437, 0.509)
NOTES = {
    'evaluated as wrong': 'are predicted at (0, 0)',
    'the figures of the other': '1 of 4 annotated persons are left out: 1',
    'said how': "'image_id' of predictions is read as that of the annotations",
    'clean pair; counted': '1 of ',
}


def read(name):
    path = shared_path('data', 'hostile_inputs', name)
    results, ann = (path.with_name(n) for n in ('results.json', 'ann.json'))
    if name.startswith('ann'):
        ann = path
    else:
        results = path
    return read_evaluation_input(results, ann)


def figures(joints):
    labeled = joints.truth.labeled
    correct = joints.correct()[labeled]
    scores = joints.scores['keypoint_scores'][labeled]
    return len(scores), auroc(scores, correct), aurc(scores, ~correct)


@pytest.mark.filterwarnings('error')
@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.case)
def test_row(row):
    if row.message is not None:
        with pytest.raises(ValueError) as caught:
            read(row.case)
        check_message(row, str(caught.value))
        return
    joints = read(row.case)
    for part, note in NOTES.items():
        if part in row.outcome:
            assert note in ' '.join(joints.notes)
    if 'as wrong' in row.outcome:
        at_zero = (joints.keypoints == 0).all(-1) & joints.truth.labeled
        assert at_zero.any()
        assert not joints.correct()[at_zero].any()
        return
    expected = WITHOUT if 'other three' in row.outcome else CLEAN
    assert figures(joints) == pytest.approx(expected, abs=5e-4)


def test_every_file_has_a_row():
    folder = shared_path('data', 'hostile_inputs')
    names = {path.name for path in folder.glob('*.json')}
    assert names == {row.case for row in ROWS}
