# Where a run is logged: always to files; to TensorBoard where
# USE_TENSORBOARD=1, to Weights & Biases where USE_WANDB=1. wandb itself reads
# WANDB_PROJECT, WANDB_NAME and WANDB_MODE. docs/metrics_guide.md lists what
# is logged.
_base_ = []

# mmengine takes a config for its other kind if an import stands above _base_
from importlib.util import find_spec as _find_spec  # noqa: E402

logging_backends = [dict(type='LocalVisBackend')]
for _variable, _value, _package, _backend in (
    (
        'USE_TENSORBOARD',
        '{{$USE_TENSORBOARD:0}}',
        'tensorboard',
        'TensorboardVisBackend',
    ),
    ('USE_WANDB', '{{$USE_WANDB:0}}', 'wandb', 'WandbVisBackend'),
):
    if _value not in ('0', '1'):
        raise ValueError(
            f'{_variable}: expected 0 or 1, found {_value!r}; correct it'
        )
    if _value == '0':
        continue
    # a mere folder of that name, as wandb leaves one, has no origin
    if getattr(_find_spec(_package), 'origin', None) is None:
        raise ImportError(
            f'{_variable}=1: expected the package {_package}, found none; '
            f'install it (pip install {_package}) or unset {_variable}'
        )
    logging_backends.append(dict(type=_backend))
del _variable, _value, _package, _backend

logging_hooks = dict(
    # a few fixed persons, drawn with their trust after each validation
    trust_panel=dict(type='TrustPanelHook'),
    log_test=dict(type='LogTestHook'),
)
