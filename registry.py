"""The scope ``self_verify_pose`` of MMEngine's registries.

MMEngine imports this module for ``MMPoseInferencer(scope='self_verify_pose')``
and finds through it all that MMPose and this package register. A name of
``model-index.yml`` in place of a config must be known earlier: import this
module, or any other one of the engine, before.
"""

from . import compat  # noqa: F401, isort: skip

import mmpose.registry
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.registry import FUNCTIONS, Registry

SCOPE = 'self_verify_pose'
MODULE2PACKAGE.setdefault(SCOPE, SCOPE)

# each is a child of MMPose's, where the classes of this package are
REGISTRIES = {
    name: Registry(
        parent.name,
        parent=parent,
        scope=SCOPE,
        locations=['self_verify_pose.engine.registration'],
    )
    for name, parent in {
        **vars(mmpose.registry),
        'FUNCTIONS': FUNCTIONS,
    }.items()
    if isinstance(parent, Registry)
}
