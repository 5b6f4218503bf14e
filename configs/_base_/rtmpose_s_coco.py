# What every config shares: the official RTMPose-S, the package's imports,
# the COCO folder, ground-truth boxes, a short schedule and its bookkeeping.
_base_ = [
    'mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-s_8xb256-420e_coco-256x192.py'
]

custom_imports = dict(
    imports=[
        'self_verify_pose.compat',  # first: it mends what the others import
        'self_verify_pose.datasets.coco',
        'self_verify_pose.datasets.transforms.load_pseudo_trust',
        'self_verify_pose.datasets.trust_cache.features',
        'self_verify_pose.metrics.joint_trust_metric',
        'self_verify_pose.models.heads.trust_head',
        'self_verify_pose.engine.hooks.channels_last',
        'self_verify_pose.engine.hooks.compile_backbone',
        'self_verify_pose.engine.hooks.keep_memory',
        'self_verify_pose.engine.hooks.latest_link',
        'self_verify_pose.engine.hooks.log_test',
        'self_verify_pose.engine.hooks.preflight',
        'self_verify_pose.engine.hooks.trust_cache_check',
        'self_verify_pose.engine.hooks.trust_panel',
        'self_verify_pose.engine.optim_wrapper',
        'self_verify_pose.models.pose_estimators.stored_features',
        'self_verify_pose.models.pose_estimators.selfverify_topdown',
    ],
    allow_failed_imports=False,
)

# data: COCO_ROOT names the folder; boxes are the annotated ones
data_root = '{{$COCO_ROOT:data/coco/}}'
# crops keep their angle of augmentation, for teachers that know what is up
_pack = dict(
    type='PackPoseInputs',
    meta_keys=(
        'id',
        'img_id',
        'img_path',
        'ori_shape',
        'img_shape',
        'input_size',
        'input_center',
        'input_scale',
        'flip',
        'flip_direction',
        'flip_indices',
        'dataset_name',
        'bbox_rotation',
    ),
)
_dataset = dict(type='CheckedCocoDataset', data_root=data_root)
train_pipeline = [*_base_.train_pipeline[:-1], _pack]
train_pipeline_stage2 = [*_base_.train_pipeline_stage2[:-1], _pack]
train_dataloader = dict(
    batch_size=32,
    num_workers=4,
    dataset=dict(**_dataset, pipeline=train_pipeline),
)
val_dataloader = dict(batch_size=64, num_workers=4, dataset=_dataset)
test_dataloader = val_dataloader

# initial weights of the backbone: 'imagenet' (a download), 'none' or a path
backbone_init = '{{$BACKBONE_INIT:imagenet}}'
if backbone_init == 'none':
    model = dict(backbone=dict(init_cfg=None))
elif backbone_init != 'imagenet':
    model = dict(backbone=dict(init_cfg=dict(checkpoint=backbone_init)))

# evaluation: accuracy of the pose, and how well its raw score tells errors
val_evaluator = [
    dict(
        type='CocoMetric',
        ann_file=f'{data_root}/annotations/person_keypoints_val2017.json',
    ),
    dict(
        type='JointTrustMetric',
        score_field='keypoint_scores',
        prefix='score',
    ),
]
test_evaluator = val_evaluator

# schedule
max_epochs = 5
stage2_num_epochs = 1
base_lr = 1.25e-4
train_cfg = dict(max_epochs=max_epochs, val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=base_lr))
param_scheduler = [
    dict(
        type='LinearLR', start_factor=1e-5, by_epoch=False, begin=0, end=1000
    ),
    dict(
        type='CosineAnnealingLR',
        eta_min=base_lr * 0.05,
        begin=max_epochs // 2,
        end=max_epochs,
        T_max=max_epochs - max_epochs // 2,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
auto_scale_lr = dict(base_batch_size=32)

# hooks
default_hooks = dict(
    checkpoint=dict(interval=1, save_best='coco/AP', max_keep_ckpts=2),
    preflight=dict(type='PreflightHook'),
    latest_link=dict(type='LatestLinkHook'),
    compile_backbone=dict(type='CompileBackboneHook'),
    keep_memory=dict(type='KeepMemoryHook'),
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
