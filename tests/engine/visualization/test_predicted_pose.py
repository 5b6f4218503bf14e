import pickle

import numpy as np
import pytest
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from self_verify_pose.engine.visualization.predicted_pose import PredictedPose


@pytest.fixture
def sample():
    """Return a prediction of a person of 100 pixels."""
    points = np.array([[[10.0, 10.0], [50.0, 10.0], [50.0, 90.0], [0, 0]]])
    off = np.array([[[3.0, 4.0], [3.1, 4.0], [0.0, 0.0], [90.0, 0.0]]])
    made = PoseDataSample(metainfo={'img_path': 'a.jpg'})
    made.gt_instances = InstanceData(
        bboxes=np.array([[0.0, 0.0, 60.0, 100.0]]),
        keypoints=points,
        keypoints_visible=np.array([[1.0, 1.0, 1.0, 0.0]]),
    )
    made.pred_instances = InstanceData(
        bboxes=np.array([[1.0, 0.0, 60.0, 100.0]]),
        keypoints=points + off,
        keypoint_scores=np.array([[1.1, 0.6, 0.7, 0.8]]),
        keypoint_trust=np.array([[0.1, 0.2, 0.3, 0.4]]),
    )
    return made


def test_labeled_joints_beyond_the_threshold_are_wrong(sample):
    pose = PredictedPose.from_sample(sample, sample.gt_instances)
    assert pose.wrong.tolist() == [False, True, False, False]
    assert pose.labeled.tolist() == [True, True, True, False]
    assert pose.wrong_count == '1 of 3 wrong'
    assert list(pose.scores) == ['keypoint_trust', 'keypoint_scores']
    assert pose.scores['keypoint_trust'].tolist() == [0.1, 0.2, 0.3, 0.4]
    assert pose.scores['keypoint_scores'].tolist() == [1.1, 0.6, 0.7, 0.8]
    assert pose.bbox.tolist() == [0, 0, 60, 100]
    assert pose.image_path == 'a.jpg'


def test_stacked_weights_hold_the_same_labels(sample):
    pose = PredictedPose.from_sample(sample, sample.gt_instances)
    visible = sample.gt_instances.keypoints_visible
    stacked = np.stack([visible, 1 + 0 * visible], -1)
    sample.gt_instances.keypoints_visible = stacked
    again = PredictedPose.from_sample(sample, sample.gt_instances)
    assert again.wrong.tolist() == pose.wrong.tolist()
    assert again.labeled.tolist() == pose.labeled.tolist()


def test_without_truth_no_joint_is_wrong(sample):
    pose = PredictedPose.from_sample(sample)
    assert not pose.labeled.any()
    assert not pose.wrong.any()
    assert pose.bbox.tolist() == [1, 0, 60, 100]
    with pytest.raises(ValueError, match='expected labeled joints'):
        pose.brier('keypoint_trust')


def test_brier_scores_are_of_labeled_joints_and_clipped(sample):
    pose = PredictedPose.from_sample(sample, sample.gt_instances)
    expected = (0.9**2 + 0.2**2 + 0.7**2) / 3
    assert pose.brier('keypoint_trust') == pytest.approx(expected)
    expected = (0.0**2 + 0.6**2 + 0.3**2) / 3
    assert pose.brier('keypoint_scores') == pytest.approx(expected)


def test_a_shifted_pose_keeps_everything_but_keypoints(sample):
    pose = PredictedPose.from_sample(sample, sample.gt_instances)
    moved = pose.shifted(np.array([10, 5]))
    np.testing.assert_array_equal(moved.keypoints, pose.keypoints - [10, 5])
    assert moved.wrong is pose.wrong
    assert pickle.loads(pickle.dumps(moved)).wrong_count == pose.wrong_count
