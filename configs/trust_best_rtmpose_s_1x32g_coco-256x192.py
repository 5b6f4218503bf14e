# The trust head that does best without labels in docs/results.md: it learns
# from strongly augmented views of the crops, with the pose network of
# POSE_CKPT frozen. With labels, better still on some images:
# --cfg-options model.trust_cfg.source=annotation
_base_ = ['./_base_/rtmpose_s_coco.py']
work_dir = 'work_dirs/self_verify_pose/{{fileBasenameNoExtension}}'

load_from = _base_.pose_checkpoint

model = dict(
    **_base_.frozen_model, backbone=dict(out_indices=_base_.rtmpose_maps)
)
val_evaluator = [*_base_.val_evaluator, _base_.trust_metric]
test_evaluator = val_evaluator

max_epochs = 6
train_cfg = dict(max_epochs=max_epochs)
base_lr = _base_.head_lr
optim_wrapper = dict(optimizer=dict(lr=base_lr, weight_decay=0.05))
param_scheduler = [dict(**_base_.head_annealing, T_max=max_epochs)]
# nothing is selected by the validation
default_hooks = dict(checkpoint=dict(save_best=None))
custom_hooks = []
