import numpy as np

from self_verify_pose.metrics.evaluation.statistics.evaluate import Estimate
from self_verify_pose.tools.study.free_scores import Score
from self_verify_pose.tools.study.row_evaluation import Row
from self_verify_pose.tools.study.tables import (
    check_table,
    checks_of,
    score_table,
)


def make_row(gains=(0.0, 0.0), ece=0.01):
    mean = sum(gains) / 2
    return Row(
        auroc=Estimate(0.8 + mean, 0.7, 0.9),
        rival='raw',
        gain=Estimate(mean, mean - 0.01, mean + 0.01),
        gains=gains,
        macro_auroc=0.75,
        aurc=Estimate(0.1, 0.05, 0.15),
        ece=ece,
        brier=0.2,
    )


def test_every_row_says_what_it_uses_and_its_seeds():
    values = np.zeros((1, 1))
    scores = {
        'raw': Score((values,)),
        'head': Score((values, values), 'training, calibration'),
    }
    rows = {'raw': make_row(), 'head': make_row((-0.001, 0.005))}
    lines = score_table(rows, scores).splitlines()
    cells = [[c.strip() for c in line.split('|')[1:-1]] for line in lines]
    assert cells[0][:3] == ['score', 'labels', 'extra passes']
    raw, head = cells[2:]
    assert raw[4:6] == ['best free', '–']
    assert head[1] == 'training, calibration'
    assert head[4].startswith('+0.002 [')
    assert head[5] == '-0.001 … +0.005'
    assert head[6] == '0.750'


def test_the_worst_seed_and_the_worst_calibration_decide():
    rows = {
        'good': make_row((-0.001, 0.01), 0.01),
        'bad seed': make_row((-0.003, 0.02), 0.02),
        'not calibrated': make_row((0.0, 0.0), float('nan')),
    }
    checks = checks_of(rows, {'heads': ['good', 'bad seed'], 'all': rows})
    assert [check.holds for check in checks] == [False, True, False, False]
    assert checks[0].found == 'bad seed -0.0030 against raw'
    assert 'bad seed 0.020' in checks[1].found
    assert 'not calibrated –' in checks[3].found
    good = checks_of(rows, {'heads': ['good']})
    assert all(check.holds for check in good)
    assert '| yes |' in check_table(good)
