from posthoc_persons import map_trust

from self_verify_pose.tools.benchmark import posthoc


def test_time_of_fitting_and_applying(context, monkeypatch):
    known = posthoc.random_persons(24)
    trust = map_trust(known)
    monkeypatch.setattr(posthoc, 'PERSONS', 24)
    monkeypatch.setattr(posthoc.PosthocTrust, 'fit', lambda _: trust)
    fit, apply = posthoc.measure(context)
    assert (fit.threshold, apply.threshold) == (60, 20_000)
    assert fit.passed
    assert apply.higher_is_better
    assert apply.value > 0
    assert trust.kind in apply.note
