# Quick profile, first part: pose only.
_base_ = [
    '../baseline_rtmpose_s_1x32g_coco-256x192.py',
    '../_base_/quick_profile.py',
]
work_dir = 'work_dirs/self_verify_pose/selfverify_cycle/warmup'

model = _base_.quick_model
train_dataloader = dict(
    num_workers=_base_.quick_workers,
    dataset=dict(pipeline=[*_base_.quick_pipeline, _base_.pack_inputs]),
)
val_dataloader = dict(num_workers=_base_.quick_workers)
test_dataloader = val_dataloader

max_epochs = 22
train_cfg = dict(max_epochs=max_epochs, val_interval=max_epochs)
optim_wrapper = dict(
    **_base_.fast_optim_wrapper, optimizer=dict(lr=_base_.quick_lr)
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=100),
    dict(
        type='CosineAnnealingLR',
        eta_min=_base_.quick_lr * 0.05,
        begin=2,
        end=max_epochs,
        T_max=max_epochs - 2,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
custom_hooks = []
default_hooks = dict(logger=dict(interval=30), **_base_.fast_hooks)
