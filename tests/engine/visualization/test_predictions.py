from dataclasses import dataclass

import numpy as np
import pytest

from self_verify_pose.apis import inference_trust, init_trust_model
from self_verify_pose.datasets.coco_instances import read_instances
from self_verify_pose.engine.visualization.predictions import (
    draw_image,
    evaluate_image,
    rank_poses,
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


def test_brier_scores_are_those_of_a_loop(model, infos):
    for path, truths in infos.items():
        boxes = [info['bbox'][0] for info in truths]
        samples = inference_trust(model, path, boxes)
        persons = evaluate_image(model, path, truths)
        for person, sample, info in zip(persons, samples, truths, strict=True):
            predicted = sample.pred_instances
            scores = predicted.keypoint_trust, predicted.keypoint_scores
            size = np.ptp(info['bbox'].reshape(2, 2), axis=0).max()
            gaps, count = np.zeros(2), 0
            for joint in range(17):
                if info['keypoints_visible'][0, joint] == 0:
                    continue
                off = predicted.keypoints[0] - info['keypoints'][0]
                correct = np.hypot(*off[joint]) <= 0.05 * size
                gaps += [
                    (min(values[0, joint], 1) - correct) ** 2
                    for values in scores
                ]
                count += 1
            assert person.labeled.sum() == count
            assert person.image_path == str(path)
            found = [person.brier(name) for name in person.scores]
            np.testing.assert_allclose(found, gaps / count, rtol=1e-5)


@dataclass
class RankedPose:
    """A pose of which only the Brier score counts."""

    value: float

    def brier(self, field):
        assert field == 'keypoint_trust'
        return self.value


def briers(poses):
    return [pose.value for pose in poses]


def test_poses_are_ranked_by_the_brier_score_of_trust():
    values = [0.3, 0.1, 0.5, 0.2, 0.4, 0.6, 0.0]
    ranked = rank_poses(list(map(RankedPose, values)), 2)
    assert list(ranked) == ['best', 'typical', 'worst']
    assert briers(ranked['best']) == [0.0, 0.1]
    assert briers(ranked['typical']) == [0.2, 0.3]
    assert briers(ranked['worst']) == [0.6, 0.5]


@pytest.mark.parametrize(('count', 'shown'), [(1, 1), (3, 1), (7, 2), (90, 9)])
def test_sheets_share_nobody_where_there_are_enough(count, shown):
    poses = [RankedPose(i / 100) for i in range(count)]
    ranked = rank_poses(poses, 9)
    everyone = [gap for group in ranked.values() for gap in briers(group)]
    assert len(everyone) == 3 * shown
    if count >= 3:
        assert len(set(everyone)) == 3 * shown


def test_boxes_of_annotated_persons_are_predicted(model, infos):
    path, truths = next(iter(infos.items()))
    rendered, samples = draw_image(model, path, infos=truths)
    assert rendered.dtype == np.uint8
    boxes = [sample.pred_instances.bboxes[0] for sample in samples]
    np.testing.assert_allclose(boxes, [info['bbox'][0] for info in truths])
    without, nobody = draw_image(model, path, np.zeros((0, 4)))
    assert nobody == []
    assert (without != rendered).any()
