# HRNet-W32 with rotation consistency and a trust head on the 14 keypoints of
# ExLPose, images in low light; EXLPOSE_ROOT names the folder.
_base_ = [
    'mmpose::body_2d_keypoint/topdown_heatmap/exlpose/td-hm_hrnet-w32_8xb64-210e_exlpose-256x192.py',
    './_base_/imports.py',
    './_base_/data.py',
    './_base_/hooks.py',
    './_base_/logging.py',
    './_base_/trust.py',
]

from self_verify_pose.environment import read_text  # noqa: E402

work_dir = 'work_dirs/self_verify_pose/{{fileBasenameNoExtension}}'
custom_imports = _base_.trust_imports
model = _base_.trust_model
exlpose_dataset = dict(
    type='CheckedExlposeDataset',
    data_root=read_text('EXLPOSE_ROOT'),
)
train_dataloader = dict(dataset=exlpose_dataset)
val_dataloader = dict(dataset=exlpose_dataset)
test_dataloader = val_dataloader
val_evaluator = [
    # the annotations are those of the data set, which have no area
    dict(type='CocoMetric', use_area=False),
    *_base_.pose_evaluator[1:],
    _base_.trust_metric,
]
test_evaluator = val_evaluator

visualizer = _base_.trust_visualizer
default_hooks = dict(**_base_.training_hooks, **_base_.logging_hooks)
