import pytest
from file_trust_results import write_persons
from posthoc_persons import make_persons, map_trust

from self_verify_pose.tools.study import file_trust


@pytest.fixture
def trust():
    return map_trust(make_persons(joints=4, informative=True))


def test_each_fit_is_evaluated_on_each_estimator(
    tmp_path, capsys, trust, monkeypatch
):
    monkeypatch.setattr(file_trust.PosthocTrust, 'fit', lambda *_: trust)
    known = make_persons(joints=4, informative=True, seed=1)
    files = [write_persons(tmp_path, known, name) for name in ('one', 'two')]
    results, anns = zip(*files, strict=True)
    options = [
        *('--fit', *results, '--fit-ann', anns[0]),
        *('--eval', *results, '--eval-ann', anns[0]),
        *('--second', *results[::-1]),
    ]
    assert file_trust.main([*map(str, options)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith('| one (') for line in lines) == 2
    assert sum(line.startswith('| raw score') for line in lines) == 2
    assert lines[9].startswith('one: gain +0.')
    assert sum(line.startswith('| one | two |') for line in lines) == 1


def test_files_without_a_partner_are_refused(tmp_path, capsys):
    options = '--fit a --fit-ann b --eval c d --eval-ann e'
    assert file_trust.main(options.split()) == 2
    assert 'expected as many files as --eval, 2' in capsys.readouterr().err
