# The trust head alone, on targets that a teacher gave once: POSE_CKPT names
# the frozen pose network, PSEUDO_TRUST_CACHE the file that
# tools/generate_solvability_cache.py made with it. PSEUDO_TRUST_FEATURES, made
# with --with-features, replaces images and backbone in training. MAX_SAMPLES
# limits training and validation to the first so many persons.
_base_ = ['./_base_/rtmpose_s_coco.py']

load_from = _base_.pose_checkpoint
pseudo_trust_cache = (
    '{{$PSEUDO_TRUST_CACHE:work_dirs/self_verify_pose/cache/train_sol.npz}}'
)
pseudo_trust_features = '{{$PSEUDO_TRUST_FEATURES:none}}'
max_samples = int('{{$MAX_SAMPLES:0}}') or None

model = dict(
    **_base_.trust_model, backbone=dict(out_indices=_base_.rtmpose_maps)
)
model.update(
    data_preprocessor=dict(type='StoredFeaturesPreprocessor'),
    full_param_train=False,
    consistency_cfg=dict(enable=False),
    trust_cfg=dict(enable=True, source=dict(type='cached')),
)
# the targets belong to plain crops, so these are what the head is trained on
train_pipeline = [
    *_base_.val_pipeline[:-1],
    dict(
        type='LoadPseudoTrust',
        path=pseudo_trust_cache,
        missing='error',
    ),
    _base_.pack_inputs,
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
            features=pseudo_trust_features,
            ann_file=f'{_base_.data_root}/'
            'annotations/person_keypoints_train2017.json',
            indices=max_samples,
        ),
    )
val_dataloader = dict(dataset=dict(indices=max_samples))
test_dataloader = val_dataloader
val_evaluator = [*_base_.val_evaluator, _base_.trust_metric]
test_evaluator = val_evaluator

max_epochs = 10
train_cfg = dict(max_epochs=max_epochs)
base_lr = _base_.head_lr
optim_wrapper = dict(optimizer=dict(lr=base_lr))
param_scheduler = [dict(**_base_.head_annealing, T_max=max_epochs)]
default_hooks = dict(
    # AP is the same in every epoch
    checkpoint=dict(save_best='trust/AUROC'),
    trust_cache=dict(type='TrustCacheHook', cache_mismatch='error'),
)
custom_hooks = []
