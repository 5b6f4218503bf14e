from types import SimpleNamespace

from self_verify_pose.metrics.evaluation.report.labels import (
    SCORE_STYLES,
    label_of,
    select_scores,
    sort_scores,
    style_of,
)
from self_verify_pose.metrics.evaluation.statistics.evaluate import Estimate


def test_trust_comes_first_and_other_fields_last():
    given = ['b', 'keypoint_scores', 'a', 'keypoint_trust']
    expected = ['keypoint_trust', 'keypoint_scores', 'b', 'a']
    assert sort_scores(given) == expected


def test_other_fields_keep_their_name_and_get_different_styles():
    names = ['keypoint_trust', 'a', 'b']
    assert [label_of(name) for name in names] == ['trust', 'a', 'b']
    one, other = (style_of(name, names) for name in names[1:])
    assert one.label == 'a'
    assert (one.color, one.line) != (other.color, other.line)


def test_all_styles_differ():
    styles = {(style.color, style.line) for style in SCORE_STYLES.values()}
    labels = {style.label for style in SCORE_STYLES.values()}
    assert len(styles) == len(labels) == len(SCORE_STYLES)


def test_trust_and_reference_are_selected_before_the_best():
    values = {
        'worst': 0.9,
        'best': 0.1,
        'keypoint_scores': 0.5,
        'keypoint_trust': 0.6,
    }
    evaluation = SimpleNamespace(
        reference='keypoint_scores',
        scorers={
            name: {'AURC': Estimate(value, value, value)}
            for name, value in values.items()
        },
    )
    assert select_scores(evaluation, 2, 'AURC') == [
        'keypoint_trust',
        'keypoint_scores',
    ]
    assert select_scores(evaluation, 3, 'AURC')[2] == 'best'
