# Quick profile, second part: pose, rotation consistency and trust, from the
# weights of the first part, POSE_CKPT.
_base_ = [
    '../selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py',
    '../_base_/quick_profile.py',
]
work_dir = 'work_dirs/self_verify_pose/selfverify_cycle'

load_from = _base_.pose_checkpoint
model = _base_.quick_model
train_dataloader = dict(
    num_workers=_base_.quick_workers,
    dataset=dict(pipeline=[*_base_.quick_pipeline, _base_.pack_inputs]),
)
val_dataloader = dict(num_workers=_base_.quick_workers)
test_dataloader = val_dataloader

base_lr = _base_.quick_lr / 4
optim_wrapper = dict(**_base_.fast_optim_wrapper, optimizer=dict(lr=base_lr))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=30),
    dict(
        type='CosineAnnealingLR',
        eta_min=base_lr * 0.05,
        begin=1,
        end=_base_.max_epochs,
        T_max=_base_.max_epochs - 1,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
custom_hooks = []
default_hooks = dict(logger=dict(interval=10), **_base_.fast_hooks)
