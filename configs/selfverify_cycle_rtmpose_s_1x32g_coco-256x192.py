# RTMPose-S with rotation consistency and a trust head that learns from it.
_base_ = ['./_base_/rtmpose_s_coco.py']
work_dir = 'work_dirs/self_verify_pose/selfverify_cycle'

model = dict(
    **_base_.trust_model, backbone=dict(out_indices=_base_.rtmpose_maps)
)
val_evaluator = [*_base_.val_evaluator, _base_.trust_metric]
test_evaluator = val_evaluator
