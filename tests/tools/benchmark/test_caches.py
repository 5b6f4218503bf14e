import pytest

from self_verify_pose.tools.benchmark import caches, processes


def test_rate_against_the_forward_pass(context):
    assert caches.THRESHOLD == 0.9
    (result,) = caches.measure(context)
    assert 0 < result.value < 1.5
    assert result.details['persons'] >= 8


def test_extrapolated_times_are_marked(context, monkeypatch):
    monkeypatch.setattr(caches, 'MEASURED', 4)
    monkeypatch.setattr(processes, 'rate_of', lambda _, n, prepare: 5.0 * n)
    run, *extrapolated, together = caches.measure_scaling(context)
    assert run.note == 'run'
    assert all('not run' in result.note for result in extrapolated)
    per_person = run.value / 4
    assert extrapolated[0].value == pytest.approx(10_000 * per_person)
    assert together.value == 2.0
