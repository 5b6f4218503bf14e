# The trust head that does best without labels in docs/results.md: it learns
# what a harder view of the crop does to the prediction, with the pose network
# of POSE_CKPT frozen. With labels, better still on some images:
# --cfg-options model.trust_cfg.source=annotation
_base_ = ['./selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py']

load_from = '{{$POSE_CKPT:checkpoints/rtmpose-s_simcc-coco_256x192.pth}}'

model = dict(
    full_param_train=False,
    consistency_cfg=dict(enable=False, hard_view=dict()),
)

max_epochs = 6
base_lr = 1e-3
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=base_lr, weight_decay=0.05))
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        eta_min=base_lr * 0.05,
        T_max=max_epochs,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
# AP is the same in every epoch
default_hooks = dict(checkpoint=dict(save_best='trust/AUROC'))
custom_hooks = []
