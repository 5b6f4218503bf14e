# The trust head alone, on targets that a teacher gave once: PSEUDO_TRUST_CACHE
# names the file that tools/generate_solvability_cache.py made with the frozen
# pose network. PSEUDO_TRUST_FEATURES, made with --with-features, replaces
# images and backbone in training. MAX_SAMPLES limits training and validation
# to the first so many persons. configs/zoo/cached_*.py shows how a config with
# a trust head takes over what stands here.
_base_ = []

# mmengine takes a config for its other kind if an import stands above _base_
from self_verify_pose.environment import read_count, read_text  # noqa: E402

pseudo_trust_cache = read_text('PSEUDO_TRUST_CACHE')
pseudo_trust_features = read_text('PSEUDO_TRUST_FEATURES')
max_samples = read_count('MAX_SAMPLES')

cached_model = dict(
    data_preprocessor=dict(type='StoredFeaturesPreprocessor'),
    full_param_train=False,
    consistency_cfg=dict(enable=False, hard_view=None),
    trust_cfg=dict(enable=True, source=dict(type='cached')),
)
cached_hooks = dict(
    trust_cache=dict(type='TrustCacheHook', cache_mismatch='error')
)
cached_loader = dict(dataset=dict(indices=max_samples))
if pseudo_trust_features:
    cached_model.update(type='StoredFeaturesTopdown')
    cached_loader.update(num_workers=0, persistent_workers=False)
    cached_loader['dataset'].update(
        type='StoredFeaturesDataset',
        cache=pseudo_trust_cache,
        features=pseudo_trust_features,
    )
first_persons = dict(dataset=dict(indices=max_samples))
# model, default_hooks, train_dataloader, val_dataloader, test_dataloader. The
# targets belong to plain crops: the config sets the pipeline of the training
# to that of its validation with load_targets before PackPoseInputs.
cached_trust = [
    cached_model,
    cached_hooks,
    cached_loader,
    first_persons,
    first_persons,
]
load_targets = dict(
    type='LoadPseudoTrust', path=pseudo_trust_cache, missing='error'
)
