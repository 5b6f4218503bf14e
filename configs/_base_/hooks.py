# Hooks of every training: checks before it starts, random numbers that a
# resumed run repeats, an end at the first NaN.
_base_ = []

training_hooks = dict(
    preflight=dict(type='PreflightHook'),
    epoch_seed=dict(type='EpochSeedHook'),
    finite_training=dict(type='FiniteTrainingHook'),
)
