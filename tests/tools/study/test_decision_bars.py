import sys
from pathlib import Path

import pytest

from self_verify_pose.tools.study.decision_bars import (
    main,
    parse_arguments,
    steps,
)

GIVEN = [
    *('--fit', 'a_train.json', 'b_train.json', '--fit-ann', 'train.json'),
    *('--eval', 'a_val.json', 'b_val.json', '--eval-ann', 'val.json'),
    *('--calib', 'a_calib.json', '--calib-ann', 'calib.json'),
    *('--sport', 'a_sport.json', '--sport-ann', 'sport.json'),
]
MORE = [
    *('--second', 'c_val.json', 'd_val.json'),
    *('--config', 'pose.py', '--checkpoint', 'pose.pth'),
]


@pytest.mark.parametrize('more', [[], MORE])
def test_each_study_understands_its_arguments(more):
    found = list(steps(parse_arguments([*GIVEN, *more])))
    titles = [step.title for step in found]
    assert len(set(titles)) == len(titles) == (6 if more else 5)
    for step in found:
        module = sys.modules[step.main.__module__]
        args = module.parse_arguments(step.argv)
        if 'Thresholds' in step.title:
            assert args.ann == [Path('train.json'), Path('val.json')]
            assert step.title.count(args.results[0].stem[0] + '_') == 2


def test_the_first_failure_ends_it(capsys):
    assert main(GIVEN) == 2
    out, err = capsys.readouterr()
    assert out.count('## ') == 1
    assert 'found nothing at a_val.json' in err


def test_files_in_pairs_are_as_many(capsys):
    given = [*GIVEN, '--eval', 'a_val.json']
    with pytest.raises(SystemExit):
        parse_arguments(given)
    assert '--fit: expected as many files' in capsys.readouterr().err
