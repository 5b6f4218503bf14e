# The trust head alone, on labels that a teacher gave once: POSE_CKPT names
# the frozen pose network, PSEUDO_TRUST_CACHE what
# tools/generate_solvability_cache.py made with it. PSEUDO_TRUST_FEATURES, made
# with --with-features, replaces images and backbone in training. MAX_SAMPLES
# limits training and validation to the first so many persons.
_base_ = ['./solvability_rtmpose_s_1x32g_coco-256x192.py']

load_from = '{{$POSE_CKPT:checkpoints/rtmpose-s_simcc-coco_256x192.pth}}'
pseudo_trust_cache = (
    '{{$PSEUDO_TRUST_CACHE:work_dirs/self_verify_pose/cache/train_sol.npz}}'
)
pseudo_trust_features = '{{$PSEUDO_TRUST_FEATURES:none}}'
max_samples = int('{{$MAX_SAMPLES:0}}') or None

model = dict(
    data_preprocessor=dict(type='StoredFeaturesPreprocessor'),
    full_param_train=False,
    solvability_cfg=dict(enable=False),
    trust_cfg=dict(source='cached'),
)

# the labels judge plain crops, so these are what the head is shown
train_pipeline = [
    *_base_.val_pipeline[:-1],
    dict(
        type='LoadPseudoTrust',
        path=pseudo_trust_cache,
        missing='error',
    ),
    _base_.train_pipeline[-1],
]
if pseudo_trust_features == 'none':
    train_dataloader = dict(
        dataset=dict(pipeline=train_pipeline, indices=max_samples)
    )
else:
    model.update(type='StoredFeaturesTopdown')
    train_dataloader = dict(
        num_workers=0,
        persistent_workers=False,
        dataset=dict(
            _delete_=True,
            type='StoredFeaturesDataset',
            cache=pseudo_trust_cache,
            evidence=pseudo_trust_features,
            ann_file=f'{_base_.data_root}/'
            'annotations/person_keypoints_train2017.json',
            indices=max_samples,
        ),
    )
val_dataloader = dict(dataset=dict(indices=max_samples))
test_dataloader = val_dataloader

max_epochs = 10
base_lr = 1e-3
train_cfg = dict(max_epochs=max_epochs)
optim_wrapper = dict(optimizer=dict(lr=base_lr))
param_scheduler = [
    dict(
        type='CosineAnnealingLR',
        eta_min=base_lr * 0.05,
        T_max=max_epochs,
        by_epoch=True,
        convert_to_iter_based=True,
    ),
]
default_hooks = dict(
    # AP is the same in every epoch
    checkpoint=dict(save_best='trust/AUROC'),
    trust_cache=dict(type='TrustCacheHook', cache_mismatch='error'),
)
custom_hooks = []
