# RTMPose-S with a trust head that learns from an inverse-kinematics teacher.
_base_ = ['./_base_/rtmpose_s_coco.py']
work_dir = 'work_dirs/self_verify_pose/{{fileBasenameNoExtension}}'

model = dict(
    **_base_.trust_model, backbone=dict(out_indices=_base_.rtmpose_maps)
)
model.update(
    consistency_cfg=dict(enable=False),
    solvability_cfg=dict(enable=True, teacher='free'),
    trust_cfg=dict(enable=True, source=dict(type='solvability')),
)
val_evaluator = [*_base_.val_evaluator, _base_.trust_metric]
test_evaluator = val_evaluator
