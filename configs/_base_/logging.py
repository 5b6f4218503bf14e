# Where a run is logged: always to files; to TensorBoard where
# USE_TENSORBOARD=1, to Weights & Biases where USE_WANDB=1. wandb itself reads
# WANDB_PROJECT, WANDB_NAME and WANDB_MODE. docs/metrics_guide.md lists what
# is logged.
_base_ = []

# mmengine takes a config for its other kind if an import stands above _base_
from importlib.util import find_spec as _find_spec  # noqa: E402

from self_verify_pose.environment import read_switch  # noqa: E402

logging_backends = [dict(type='LocalVisBackend')]
for _variable, _package, _backend in (
    ('USE_TENSORBOARD', 'tensorboard', 'TensorboardVisBackend'),
    ('USE_WANDB', 'wandb', 'WandbVisBackend'),
):
    if not read_switch(_variable):
        continue
    # a mere folder of that name, as wandb leaves one, has no origin
    if getattr(_find_spec(_package), 'origin', None) is None:
        raise ImportError(
            f'{_variable}=1: expected the package {_package}, found none; '
            f'install it (pip install {_package}) or unset {_variable}'
        )
    logging_backends.append(dict(type=_backend))
del _variable, _package, _backend
# colors keypoints by trust where MMPose draws them
trust_visualizer = dict(type='TrustVisualizer', vis_backends=logging_backends)

logging_hooks = dict(
    # a few fixed persons, drawn with their trust after each validation
    trust_panel=dict(type='TrustPanelHook'),
    log_test=dict(type='LogTestHook'),
    # beside the dump of a test, the same predictions as results
    save_results=dict(type='SaveResultsHook'),
)
