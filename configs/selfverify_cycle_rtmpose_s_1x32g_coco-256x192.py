# RTMPose-S with rotation consistency and a trust head that learns from it.
_base_ = ['./_base_/rtmpose_s_coco.py']

model = dict(
    **_base_.trust_model, backbone=dict(out_indices=_base_.rtmpose_maps)
)
val_evaluator = [*_base_.val_evaluator, _base_.trust_metric]
test_evaluator = val_evaluator
