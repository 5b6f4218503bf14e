import pytest

from self_verify_pose.tools.benchmark import optimizations


@pytest.mark.slow
def test_optimizations_and_roofline_are_measured(context):
    results = list(optimizations.measure(context))
    units = [result.unit for result in results]
    assert units == ['× without'] * 4 + ['× roofline'] * 2
    assert all(r.threshold is None and r.value > 0 for r in results)
    assert not any('float16 (Amp' in result.name for result in results)
