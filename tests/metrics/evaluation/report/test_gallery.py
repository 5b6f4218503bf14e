import numpy as np
from evaluation_inputs import make_joints

from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    evaluate_predictions,
)
from self_verify_pose.metrics.evaluation.report.gallery import (
    PERSONS_PER_ORDER,
    gallery_persons,
)

SCORES = ['keypoint_trust', 'keypoint_scores']


def test_the_first_persons_of_each_order_with_their_values():
    joints = make_joints(persons=300)
    report = evaluate_predictions(joints, EvalConfig(n_bootstrap=0))
    truth = joints.truth
    rows, columns = np.nonzero(truth.labeled)
    size = np.arange(300)[rows]  # a label of its own for each person
    persons = gallery_persons(report, SCORES, {'size': size})
    assert PERSONS_PER_ORDER < len(persons) <= 2 * PERSONS_PER_ORDER
    trust = report.scores['keypoint_trust']
    brier = {
        str(truth.person_ids[n]): np.mean(
            (trust[rows == n] - report.correct[rows == n]) ** 2
        )
        for n in range(300)
    }
    worst = sorted(brier, key=lambda n: -brier[n])[:PERSONS_PER_ORDER]
    by_id = {person['id']: person for person in persons}
    assert by_id.keys() >= set(worst)
    for name in worst:
        person, part = by_id[name], rows == int(name) - 1000
        assert np.isclose(person['brier'], brier[name])
        assert person['size'] == int(name) - 1000
        assert person['joint'] == columns[part].tolist()
        assert person['wrong'] == (~report.correct[part]).astype(int).tolist()
        assert np.allclose(person['scores'][SCORES[0]], trust[part], atol=1e-5)
