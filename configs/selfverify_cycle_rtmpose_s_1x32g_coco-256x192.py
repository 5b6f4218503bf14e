# RTMPose-S with rotation consistency and a trust head that learns from it.
_base_ = ['./_base_/rtmpose_s_coco.py']

model = _base_.trust_model
val_evaluator = [*_base_.val_evaluator, _base_.trust_metric]
test_evaluator = val_evaluator
