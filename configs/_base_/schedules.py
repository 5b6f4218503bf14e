# Schedules, from which a config takes one.
pose_epochs = 5
pose_lr = 1.25e-4
pose_schedule = [
    dict(
        type='LinearLR', start_factor=1e-5, by_epoch=False, begin=0, end=1000
    ),
    dict(
        type='CosineAnnealingLR',
        eta_min=pose_lr * 0.05,
        begin=pose_epochs // 2,
        end=pose_epochs,
        T_max=pose_epochs - pose_epochs // 2,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
# the trust head alone; T_max is the number of epochs
head_lr = 1e-3
head_annealing = dict(
    type='CosineAnnealingLR',
    eta_min=head_lr * 0.05,
    by_epoch=True,
    convert_to_iter_based=True,
)
