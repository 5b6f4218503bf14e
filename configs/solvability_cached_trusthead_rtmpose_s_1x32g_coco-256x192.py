# RTMPose-S, whose trust head alone learns from a teacher's cached targets;
# POSE_CKPT names the frozen pose network, _base_/cached_trust.py the rest.
_base_ = ['./_base_/rtmpose_s_coco.py', './_base_/cached_trust.py']
work_dir = 'work_dirs/self_verify_pose/offline_cached_trusthead'

load_from = _base_.pose_checkpoint
cached, default_hooks, *_loaders = _base_.cached_trust
model = dict(
    **_base_.trust_model, backbone=dict(out_indices=_base_.rtmpose_maps)
)
model.update(cached)
train_dataloader, val_dataloader, test_dataloader = _loaders
train_dataloader.dataset.pipeline = [
    *_base_.val_pipeline[:-1],
    _base_.load_targets,
    _base_.pack_inputs,
]
val_evaluator = [*_base_.val_evaluator, _base_.trust_metric]
test_evaluator = val_evaluator

max_epochs = 10
train_cfg = dict(max_epochs=max_epochs)
base_lr = _base_.head_lr
optim_wrapper = dict(optimizer=dict(lr=base_lr))
param_scheduler = [dict(**_base_.head_annealing, T_max=max_epochs)]
# nothing is selected by the validation
default_hooks.checkpoint = dict(save_best=None)
custom_hooks = []
