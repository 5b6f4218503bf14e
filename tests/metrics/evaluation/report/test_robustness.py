import json
import math

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from sklearn.metrics import roc_auc_score

from self_verify_pose.metrics.evaluation.report.robustness import (
    Condition,
    draw_curves,
    robustness_table,
)

TRUST, RAW = 'keypoint_trust', 'keypoint_scores'


def conditions(kinds, scores=(TRUST, RAW)):
    rng = np.random.default_rng(0)
    return [
        Condition.judge(
            name, strength, score, rng.random(30), np.arange(30) % 3 == 0
        )
        for name, strength in kinds
        for score in scores
    ]


SOME = [('clean', 0), ('motion_blur', 2), ('motion_blur', 5), ('jpeg', 5)]


def test_figures_agree_with_a_plain_computation():
    values = np.array([0.9, 0.8, 0.8, 0.3, 0.1])
    right = np.array([True, True, False, False, True])
    found = Condition.judge('jpeg', 2, TRUST, values, right)
    assert found.joints == 5
    assert found.right == pytest.approx(0.6)
    assert found.mean == pytest.approx(0.58)
    assert found.figures['AUROC'] == roc_auc_score(right, values)
    # risk of the 1, 2, … best; the tied two are each half right
    risks = [0, 0.5 / 2, 1 / 3, 2 / 4, 2 / 5]
    assert found.figures['AURC'] == pytest.approx(np.mean(risks))


def test_one_class_is_nan_in_the_figures_and_none_in_json():
    found = Condition.judge('jpeg', 2, TRUST, np.ones(3), np.ones(3, bool))
    assert math.isnan(found.figures['AUROC'])
    row = json.loads(json.dumps(found.as_json(), allow_nan=False))
    assert row['AUROC'] is None
    assert row['AURC'] == 0
    assert row['corruption'] == 'jpeg'
    table = robustness_table([found])
    assert table[1] == ['jpeg', '2', '1.000', '–', '0.000', '1.000']


def test_trust_stands_beside_the_raw_score():
    given = conditions(SOME)
    head, *lines = robustness_table(given)
    assert head[3:5] == ['AUROC trust', 'AUROC raw score']
    assert [line[:2] for line in lines] == [
        ['clean', '–'],
        ['motion blur', '2'],
        ['motion blur', '5'],
        ['jpeg', '5'],
    ]
    for number, line in enumerate(lines):
        for offset in range(2):
            figures = given[2 * number + offset].figures
            assert line[3 + offset] == f'{figures["AUROC"]:.3f}'
            assert line[5 + offset] == f'{figures["AURC"]:.3f}'


@pytest.mark.parametrize('name', ['AUROC', 'AURC'])
@pytest.mark.parametrize('count', [1, 2, 3])
def test_curves_start_at_clean_images_and_nothing_is_cut_off(name, count):
    kinds = [('clean', 0)]
    for kind in ('motion_blur', 'jpeg', 'contrast')[:count]:
        kinds += [(kind, 1), (kind, 5)]
    given = conditions(kinds)
    figure = draw_curves(given, name)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert len(panels) == count
    for axes in panels:
        kind = axes.get_title().replace(' ', '_')
        for line, score in zip(axes.lines, (TRUST, RAW), strict=False):
            own = [
                c
                for c in given
                if c.score == score and c.corruption in ('clean', kind)
            ]
            np.testing.assert_array_equal(line.get_xdata(), [0, 1, 5])
            np.testing.assert_array_equal(
                line.get_ydata(), [c.figures[name] for c in own]
            )
        chance = axes.lines[2].get_ydata()
        expected = 0.5 if name == 'AUROC' else 1 - 10 / 30
        np.testing.assert_allclose(chance, expected)
    width, height = canvas.get_width_height()
    boxes = [axes.get_tightbbox() for axes in panels]
    boxes.append(figure.legends[0].get_window_extent())
    for box in boxes:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= width
        assert box.y1 <= height
