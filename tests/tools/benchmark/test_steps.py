import pytest

from self_verify_pose.tools.benchmark import steps


def test_thresholds():
    thresholds = [variant.threshold for variant in steps.VARIANTS]
    assert thresholds == [2.05, 1.40, 0.72, 1.10, 1.20]
    assert steps.CACHED_THRESHOLDS == {'images': 0.36, 'features': 0.02}
    assert steps.MEMORY_THRESHOLD == 2.1


def test_every_training_is_compared(context, monkeypatch):
    monkeypatch.setattr(
        steps,
        'peak_of_steps',
        lambda _, name: 3 + (name == 'selfverify_cycle'),
    )
    results = list(steps.measure(context))
    assert len(results) == 8
    assert all(result.value > 0 and result.threshold for result in results)
    assert [result.name for result in results][-3:-1] == [
        'cached labels, from images',
        'cached labels, from features',
    ]
    assert results[-1].value == pytest.approx(4 / 3)
