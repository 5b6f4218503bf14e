# Changes of the quick profile, which trains a narrow RTMPose on synthetic
# images from random weights, in minutes on two cores.
quick_model = dict(
    backbone=dict(
        deepen_factor=0.167,
        widen_factor=0.25,
        norm_cfg=dict(type='BN'),
        init_cfg=None,
    ),
    head=dict(in_channels=256),  # 1024 * widen_factor
)
quick_lr = 2e-3
quick_workers = 2
# light augmentation: flip, size and a small rotation
quick_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(
        type='RandomBBoxTransform',
        shift_factor=0.05,
        scale_factor=[0.8, 1.2],
        rotate_factor=20,
    ),
    dict(type='TopdownAffine', input_size=(192, 256)),
    dict(
        type='GenerateTarget',
        encoder=dict(
            type='SimCCLabel',
            input_size=(192, 256),
            sigma=(4.9, 5.66),
            simcc_split_ratio=2.0,
            normalize=False,
            use_dark=False,
        ),
    ),
]
