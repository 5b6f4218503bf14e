import pytest
from file_trust_results import write_persons
from posthoc_persons import make_persons, map_trust

from self_verify_pose.tools.study import selected_images


@pytest.fixture
def trust():
    return map_trust(make_persons(joints=4, informative=True))


@pytest.fixture
def options(tmp_path, trust, monkeypatch):
    fitted = []

    def fit(known, seed=0):
        fitted.append(len(known.images))
        return trust

    monkeypatch.setattr(selected_images.PosthocTrust, 'fit', fit)
    monkeypatch.setattr(selected_images, 'FIRST', 10)
    known = make_persons(80, 4, informative=True, seed=1)
    results, ann = write_persons(tmp_path, known)
    files = '--calib', results, '--calib-ann', ann
    files += '--eval', results, '--eval-ann', ann
    return [*map(str, files)], fitted


def ratio(lines, name):
    (line,) = (one for one in lines[:9] if one.startswith(f'| {name} |'))
    return float(line.split('|')[3])


def test_trust_finds_more_errors_than_scores(options, capsys):
    given, fitted = options
    assert selected_images.main([*given, '--labels', '12']) == 0
    lines = capsys.readouterr().out.splitlines()
    assert ratio(lines, 'all images') == 1
    best = ratio(lines, 'the true number')
    assert best >= ratio(lines, 'trust, without spread') > 1
    assert fitted[:4] == [80, 20, 20, 44]
    assert sum('and 12 selected' in line for line in lines) == 5
    assert sum('and 12 random' in line for line in lines) == 5


def test_too_many_labels_are_refused(options, capsys):
    given, _ = options
    assert selected_images.main([*given, '--labels', '31']) == 2
    assert 'expected at most 30 images' in capsys.readouterr().err
