"""Imports every module that registers a class in MMPose or MMEngine.

Configs name this module in ``custom_imports``; a config with components of
its own lists it first and their modules after it.
"""

from .. import compat  # isort: skip  (fixes what follows imports)

from .. import registry  # noqa: F401
from ..console import report_in_one_line
from ..datasets import coco, evaluation_sets  # noqa: F401
from ..datasets.transforms import (  # noqa: F401
    load_image,
    load_other_pose,
    load_pseudo_trust,
    shake_box,
)
from ..datasets.trust_cache import features  # noqa: F401
from ..metrics import joint_trust_metric  # noqa: F401
from ..models.heads import trust_head  # noqa: F401
from ..models.pose_estimators import (  # noqa: F401
    selfverify_topdown,
    stored_features,
)
from . import optim_constructor, optim_wrapper, whole_files  # noqa: F401
from .hooks import (  # noqa: F401
    channels_last,
    compile_backbone,
    epoch_seed,
    finite_training,
    keep_memory,
    latest_link,
    log_test,
    preflight,
    save_results,
    trust_cache_check,
    trust_panel,
    trust_selection,
)
from .visualization import trust_visualizer  # noqa: F401

compat.keep_config_off_console()
report_in_one_line()
