import pytest

from self_verify_pose.engine.decisions.optional import import_optional


def test_a_missing_package_is_named_with_its_extra():
    assert import_optional('json', 'decisions').dumps([]) == '[]'
    with pytest.raises(ValueError, match=r'svp_none: expected.*\[decisions\]'):
        import_optional('svp_none.part', 'decisions')
