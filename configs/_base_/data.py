# COCO keypoints with annotated boxes; COCO_ROOT names the folder.
_base_ = []

# mmengine takes a config for its other kind if an import stands above _base_
from self_verify_pose.environment import read_text  # noqa: E402

coco_root = read_text('COCO_ROOT')
coco_dataset = dict(type='CheckedCocoDataset', data_root=coco_root)
# the packed sample keeps the angle of augmentation: teachers turn the pose
# upright
pack_inputs = dict(
    type='PackPoseInputs',
    meta_keys=(
        'id',
        'img_id',
        'img_path',
        'ori_shape',
        'img_shape',
        'input_size',
        'input_center',
        'input_scale',
        'flip',
        'flip_direction',
        'flip_indices',
        'dataset_name',
        'bbox_rotation',
    ),
)
# accuracy of the pose, and how well its raw score ranks correct keypoints
pose_evaluator = [
    dict(
        type='CocoMetric',
        ann_file=f'{coco_root}/annotations/person_keypoints_val2017.json',
    ),
    dict(
        type='JointTrustMetric',
        score_field='keypoint_scores',
        prefix='score',
    ),
]
# keypoints of another pose estimator for the source 'agreement': OTHER_POSES
# names its results on the training images (docs/offline.md)
load_other_pose = dict(
    type='LoadOtherPose',
    path=read_text('OTHER_POSES'),
)
