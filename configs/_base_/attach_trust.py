# A trust head for any top-down config of MMPose, trained on a pose network
# that stays as it is. A config of this kind is written as those in
# configs/zoo are: mmengine lets two bases not set the same key, so the config
# itself takes over what stands here.
_base_ = [
    './imports.py',
    './data.py',
    './schedules.py',
    './hooks.py',
    './logging.py',
    './trust.py',
]

# model, custom_imports, custom_hooks; the trust head reads no feature maps,
# which do not carry over to other images than those of the training
frozen_model = dict(**_base_.frozen_model)
frozen_model.update(trust_head=dict(type='TrustHead', levels=()))
frozen_trust = [frozen_model, _base_.trust_imports, []]
# visualizer, default_hooks
trust_logging = [
    _base_.trust_visualizer,
    dict(
        # nothing is selected by the validation
        checkpoint=dict(interval=1, max_keep_ckpts=2, save_best=None),
        **_base_.training_hooks,
        latest_link=dict(type='LatestLinkHook'),
        trust_selection=dict(type='TrustSelectionHook'),
        **_base_.logging_hooks,
    ),
]
# train_cfg, optim_wrapper, param_scheduler
head_epochs = 6
head_training = [
    dict(by_epoch=True, max_epochs=head_epochs, val_interval=1),
    dict(
        _delete_=True,
        type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=_base_.head_lr, weight_decay=0.05),
    ),
    [dict(**_base_.head_annealing, T_max=head_epochs)],
]
# train_dataloader, val_dataloader, test_dataloader: COCO_ROOT, annotated boxes
test_loader = dict(
    batch_size=64,
    num_workers=4,
    dataset=dict(**_base_.coco_dataset, bbox_file=None),
)
coco_loaders = [
    dict(batch_size=32, num_workers=4, dataset=_base_.coco_dataset),
    test_loader,
    test_loader,
]
trust_evaluator = [*_base_.pose_evaluator, _base_.trust_metric]
