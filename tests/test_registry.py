import mmpose.registry
from mmengine.config.utils import MODULE2PACKAGE
from mmengine.registry import DefaultScope, init_default_scope

from self_verify_pose.engine import registration  # noqa: F401
from self_verify_pose.registry import REGISTRIES, SCOPE


def test_the_scope_finds_what_mmpose_and_this_package_register():
    for scope in ('mmpose', SCOPE):
        init_default_scope(scope)
        with mmpose.registry.MODELS.switch_scope_and_registry(None) as models:
            assert models.scope == scope
            for name in ('SelfVerifyTopdown', 'RTMCCHead', 'mmdet.CSPNeXt'):
                assert models.get(name).__name__ == name.split('.')[-1]


def test_every_kind_of_registry_has_the_scope(capsys):
    init_default_scope(SCOPE)
    assert DefaultScope.get_current_instance().scope_name == SCOPE
    for name, registry in REGISTRIES.items():
        with registry.parent.switch_scope_and_registry(None) as found:
            assert found.scope == SCOPE, name
    assert 'Failed' not in capsys.readouterr().err


def test_mmengine_knows_the_package():
    assert MODULE2PACKAGE[SCOPE] == 'self_verify_pose'
