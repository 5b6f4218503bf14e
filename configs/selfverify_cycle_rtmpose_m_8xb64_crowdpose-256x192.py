# RTMPose-M with rotation consistency and a trust head on the 14 keypoints of
# CrowdPose, with annotated boxes; CROWDPOSE_ROOT names the folder.
_base_ = [
    'mmpose::body_2d_keypoint/rtmpose/crowdpose/rtmpose-m_8xb64-210e_crowdpose-256x192.py',
    './_base_/imports.py',
    './_base_/data.py',
    './_base_/hooks.py',
    './_base_/logging.py',
    './_base_/trust.py',
]

from self_verify_pose.environment import read_text  # noqa: E402

work_dir = 'work_dirs/self_verify_pose/{{fileBasenameNoExtension}}'
custom_imports = _base_.trust_imports
model = dict(
    **_base_.trust_model, backbone=dict(out_indices=_base_.rtmpose_maps)
)
crowdpose_dataset = dict(
    type='CheckedCrowdPoseDataset',
    data_root=read_text('CROWDPOSE_ROOT'),
    data_prefix=dict(img='images/'),
)
train_dataloader = dict(
    dataset=dict(
        **crowdpose_dataset,
        ann_file='annotations/mmpose_crowdpose_trainval.json',
    )
)
val_dataloader = dict(
    dataset=dict(
        **crowdpose_dataset,
        ann_file='annotations/mmpose_crowdpose_test.json',
        bbox_file=None,
    )
)
test_dataloader = val_dataloader
val_evaluator = [
    # the annotations are those of the data set, which have no area
    dict(
        type='CocoMetric',
        use_area=False,
        iou_type='keypoints_crowd',
        prefix='crowdpose',
    ),
    *_base_.pose_evaluator[1:],
    _base_.trust_metric,
]
test_evaluator = val_evaluator

visualizer = _base_.trust_visualizer
default_hooks = dict(**_base_.training_hooks, **_base_.logging_hooks)
