import json

import pytest

from self_verify_pose.datasets.synthetic.generate import make_dataset
from self_verify_pose.metrics.evaluation.statistics.evaluate import Estimate
from self_verify_pose.output_files import reserved
from self_verify_pose.tools.study.learning_curve import (
    Point,
    draw_curves,
    main,
)


@pytest.fixture(scope='module')
def arguments(tmp_path_factory, synthetic_coco, tiny_files):
    calib = tmp_path_factory.mktemp('calib')
    make_dataset(calib / 'coco', train=8, val=1, seed=1)
    config, checkpoint = tiny_files
    given = [
        *('--config', config, '--checkpoint', checkpoint),
        *('--train', synthetic_coco, '--calib', calib / 'coco'),
        *('--eval', synthetic_coco, '--out', calib / 'out'),
        *('--workers', 0, '--bootstrap', 2, '--device', 'cpu'),
        *('--head-epochs', 1, '--hard-views', 1, '--seeds', 2),
    ]
    return [*map(str, given)], calib / 'out'


def test_each_number_of_persons_is_a_point_of_every_regime(arguments):
    given, out = arguments
    assert main([*given, '--persons', '20', '10', '10']) == 0
    curves = json.loads((out / 'learning_curve.json').read_text())
    assert list(curves) == ['one view', 'flip test']
    for sets in curves.values():
        (points,) = sets.values()
        assert [point['persons'] for point in points] == [10, 20]
        assert all(len(point['shares']) == 2 for point in points)
    assert (out / 'learning_curve.png').read_bytes().startswith(b'\x89PNG')
    assert len(list(out.glob('*/heads_*'))) == 2


def test_more_persons_than_there_are_are_refused(arguments, capsys):
    given, _ = arguments
    assert main([*given, '--persons', '10', '5000']) == 2
    assert 'at most the 23 persons' in capsys.readouterr().err


def test_two_jobs_do_not_share_a_folder(arguments, capsys):
    given, out = arguments
    with reserved(out):
        assert main([*given, '--persons', '10']) == 2
    assert f'{out}: expected a folder that no' in capsys.readouterr().err


def test_the_first_persons_are_those_of_one_set(arguments, capsys):
    given, out = arguments
    assert main([*given, '--train', str(out), str(out)]) == 2
    assert 'expected one folder' in capsys.readouterr().err


def test_a_line_is_the_mean_of_its_seeds():
    def point(persons, gain):
        return Point(
            persons,
            Estimate(gain, gain - 1, gain + 1),
            (gain - 0.01, gain + 0.02),
            [0.5],
        )

    inside = [point(150, 0.01), point(4000, 0.03)]
    outside = [point(150, 0.0), point(4000, -0.01)]
    curves = {
        regime: {'sport': inside, 'everyday': outside}
        for regime in ('one view', 'flip test')
    }
    figure = draw_curves(curves, 'training')
    panels = figure.get_axes()
    assert [axes.get_title() for axes in panels] == [*curves]
    lines = panels[0].get_lines()
    assert list(lines[0].get_ydata()) == [0.01, 0.03]
    assert lines[1].get_label() == 'evaluated on everyday'
    assert 'persons of training' in panels[1].get_xlabel()
