from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.text import Text

from self_verify_pose.apis import inference_trust, init_trust_model
from self_verify_pose.datasets.coco_instances import read_instances
from self_verify_pose.engine.visualization.predictions import (
    EvaluatedPerson,
    draw_sheet,
    evaluate_image,
    rank_persons,
    to_pose,
)


@pytest.fixture(scope='module')
def model(tiny_files):
    return init_trust_model(*tiny_files, 'cpu')


@pytest.fixture(scope='module')
def infos(synthetic_coco):
    root = synthetic_coco
    annotations = root / 'annotations' / 'person_keypoints_val2017.json'
    persons = read_instances(annotations, root / 'val2017')
    return dict(list(persons.items())[:3])


def test_joints_off_by_more_than_the_threshold_are_wrong():
    truth = np.array([[[10.0, 10.0], [50.0, 10.0], [50.0, 90.0], [0, 0]]])
    info = {
        'bbox': np.array([[0.0, 0.0, 60.0, 100.0]]),  # 100 pixels large
        'keypoints': truth,
        'keypoints_visible': np.array([[1.0, 1.0, 1.0, 0.0]]),
    }
    off = np.array([[[3.0, 4.0], [3.1, 4.0], [0.0, 0.0], [90.0, 0.0]]])
    found = SimpleNamespace(
        keypoints=truth + off,
        keypoint_trust=np.array([[0.1, 0.2, 0.3, 0.4]]),
        keypoint_scores=np.array([[1.1, 0.6, 0.7, 0.8]]),
    )
    pose = to_pose(SimpleNamespace(pred_instances=found), info)
    assert pose.wrong.tolist() == [False, True, False, False]
    assert pose.trust.tolist() == [0.1, 0.2, 0.3, 0.4]
    assert pose.score.tolist() == [1.1, 0.6, 0.7, 0.8]
    assert to_pose(SimpleNamespace(pred_instances=found)).wrong is None


def test_brier_scores_are_those_of_a_loop(model, infos):
    for path, truths in infos.items():
        boxes = [info['bbox'][0] for info in truths]
        samples = inference_trust(model, path, boxes)
        persons = evaluate_image(model, path, truths)
        for person, sample, info in zip(persons, samples, truths, strict=True):
            found = sample.pred_instances
            size = np.ptp(info['bbox'].reshape(2, 2), axis=0).max()
            gaps, count = np.zeros(2), 0
            for joint in range(17):
                if info['keypoints_visible'][0, joint] == 0:
                    continue
                off = found.keypoints[0] - info['keypoints'][0]
                right = np.hypot(*off[joint]) <= 0.05 * size
                gaps += [
                    (min(values[0, joint], 1) - right) ** 2
                    for values in (found.keypoint_trust, found.keypoint_scores)
                ]
                count += 1
            assert person.labeled == count
            np.testing.assert_allclose(person.brier, gaps / count, rtol=1e-5)


def person(gap):
    return EvaluatedPerson(None, None, None, 17, (gap, 0.0))


def gaps(persons):
    return [person.brier[0] for person in persons]


def test_people_are_ranked_by_the_brier_score_of_trust():
    values = [0.3, 0.1, 0.5, 0.2, 0.4, 0.6, 0.0]
    ranked = rank_persons(list(map(person, values)), 2)
    assert list(ranked) == ['best', 'typical', 'worst']
    assert gaps(ranked['best']) == [0.0, 0.1]
    assert gaps(ranked['typical']) == [0.2, 0.3]
    assert gaps(ranked['worst']) == [0.6, 0.5]


@pytest.mark.parametrize(('count', 'shown'), [(1, 1), (3, 1), (7, 2), (90, 9)])
def test_sheets_share_nobody_where_there_are_enough(count, shown):
    persons = [person(i / 100) for i in range(count)]
    ranked = rank_persons(persons, 9)
    everyone = [gap for group in ranked.values() for gap in gaps(group)]
    assert len(everyone) == 3 * shown
    if count >= 3:
        assert len(set(everyone)) == 3 * shown


def test_a_sheet_names_the_image_and_what_is_wrong(model, infos):
    path, truths = next(iter(infos.items()))
    persons = evaluate_image(model, path, truths[:1])
    figure = draw_sheet(persons, 'a sheet', [(0, 1)])
    texts = [text.get_text() for text in figure.findobj(Text)]
    wrong = int(persons[0].pose.wrong.sum())
    assert f'{path.name}: {wrong} of {persons[0].labeled} wrong' in texts
    assert f'trust, Brier {persons[0].brier[0]:.2f}' in texts
