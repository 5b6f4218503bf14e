# The official RTMPose-S with the data, the schedule, the logging and the
# hooks of this package.
_base_ = [
    'mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-s_8xb256-420e_coco-256x192.py',
    './imports.py',
    './data.py',
    './schedules.py',
    './hooks.py',
    './fast.py',
    './logging.py',
    './trust.py',
]

from self_verify_pose.environment import read_text  # noqa: E402

custom_imports = _base_.trust_imports

# initial weights of the backbone: 'imagenet' (a download), 'none' or a path
backbone_init = read_text('BACKBONE_INIT')
if backbone_init == 'none':
    model = dict(backbone=dict(init_cfg=None))
elif backbone_init != 'imagenet':
    model = dict(backbone=dict(init_cfg=dict(checkpoint=backbone_init)))

# data
data_root = _base_.coco_root
train_pipeline = [*_base_.train_pipeline[:-1], _base_.pack_inputs]
train_pipeline_stage2 = [
    *_base_.train_pipeline_stage2[:-1],
    _base_.pack_inputs,
]
train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    dataset=dict(**_base_.coco_dataset, pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=64, num_workers=4, dataset=_base_.coco_dataset
)
test_dataloader = val_dataloader
val_evaluator = _base_.pose_evaluator
test_evaluator = val_evaluator

# schedule
max_epochs = _base_.pose_epochs
stage2_num_epochs = 1
base_lr = _base_.pose_lr
train_cfg = dict(max_epochs=max_epochs, val_interval=1)
optim_wrapper = dict(
    **(_base_.fast_optim_wrapper if _base_.fast else {}),
    optimizer=dict(lr=base_lr),
)
param_scheduler = _base_.pose_schedule
auto_scale_lr = dict(base_batch_size=32)

# logging and hooks
visualizer = _base_.trust_visualizer
default_hooks = dict(
    checkpoint=dict(interval=1, save_best='coco/AP', max_keep_ckpts=2),
    **_base_.training_hooks,
    latest_link=dict(type='LatestLinkHook'),
    trust_selection=dict(type='TrustSelectionHook'),
    compile_backbone=dict(type='CompileBackboneHook'),
    keep_memory=dict(type='KeepMemoryHook'),
    **(_base_.fast_hooks if _base_.fast else {}),
    **_base_.logging_hooks,
)
custom_hooks = [
    dict(
        type='EMAHook',
        ema_type='ExpMomentumEMA',
        momentum=0.0002,
        update_buffers=True,
        priority=49,
    ),
    dict(
        type='mmdet.PipelineSwitchHook',
        switch_epoch=max_epochs - stage2_num_epochs,
        switch_pipeline=train_pipeline_stage2,
    ),
]
