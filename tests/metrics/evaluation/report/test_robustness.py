import json
import math

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from sklearn.metrics import roc_auc_score

from self_verify_pose.metrics.evaluation.report.robustness import (
    CorruptionResult,
    draw_robustness,
    robustness_table,
    write_robustness,
)

TRUST, RAW = 'keypoint_trust', 'keypoint_scores'


def make_results(kinds, scores=(TRUST, RAW)):
    rng = np.random.default_rng(0)
    return [
        CorruptionResult.from_scores(
            name, strength, score, rng.random(30), np.arange(30) % 3 == 0
        )
        for name, strength in kinds
        for score in scores
    ]


SOME = [('clean', 0), ('motion_blur', 2), ('motion_blur', 5), ('jpeg', 5)]


def test_metrics_agree_with_a_plain_computation():
    values = np.array([0.9, 0.8, 0.8, 0.3, 0.1])
    correct = np.array([True, True, False, False, True])
    result = CorruptionResult.from_scores('jpeg', 2, TRUST, values, correct)
    assert result.joints == 5
    assert result.accuracy == pytest.approx(0.6)
    assert result.mean == pytest.approx(0.58)
    assert result.metrics['AUROC'] == roc_auc_score(correct, values)
    # risk of the 1, 2, … best; the tied two are each half correct
    risks = [0, 0.5 / 2, 1 / 3, 2 / 4, 2 / 5]
    assert result.metrics['AURC'] == pytest.approx(np.mean(risks))


def test_one_class_is_nan_and_none_in_json():
    result = CorruptionResult.from_scores(
        'jpeg', 2, TRUST, np.ones(3), np.ones(3, bool)
    )
    assert math.isnan(result.metrics['AUROC'])
    line = json.loads(json.dumps(result.as_json(), allow_nan=False))
    assert line['AUROC'] is None
    assert line['AURC'] == 0
    assert line['corruption'] == 'jpeg'
    table = robustness_table([result])
    assert table[1] == ['jpeg', '2', '1.000', '–', '0.000', '1.000']


def test_trust_stands_beside_the_raw_score():
    given = make_results(SOME)
    header, *rows = robustness_table(given)
    assert header[3:5] == ['AUROC trust', 'AUROC raw score']
    assert [row[:2] for row in rows] == [
        ['clean', '–'],
        ['motion blur', '2'],
        ['motion blur', '5'],
        ['jpeg', '5'],
    ]
    for number, row in enumerate(rows):
        for offset in range(2):
            metrics = given[2 * number + offset].metrics
            assert row[3 + offset] == f'{metrics["AUROC"]:.3f}'
            assert row[5 + offset] == f'{metrics["AURC"]:.3f}'


@pytest.mark.parametrize('name', ['AUROC', 'AURC'])
@pytest.mark.parametrize('count', [1, 2, 3])
def test_curves_start_at_clean_images_and_nothing_is_cut_off(name, count):
    kinds = [('clean', 0)]
    for kind in ('motion_blur', 'jpeg', 'contrast')[:count]:
        kinds += [(kind, 1), (kind, 5)]
    given = make_results(kinds)
    figure = draw_robustness(given, name)
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
                line.get_ydata(), [c.metrics[name] for c in own]
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


def test_the_files_hold_every_result(tmp_path):
    given = make_results(SOME)
    paths = write_robustness(given, {'dist_thr': 0.05, 'seed': 1}, tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    content = json.loads((tmp_path / 'robustness.json').read_text())
    assert content['seed'] == 1
    assert content['rows'] == [result.as_json() for result in given]
    text = (tmp_path / 'robustness.md').read_text()
    assert text.startswith('30 labeled joints.')
    assert 'at most 0.05 of the person size' in text
    assert text.count('\n| ') == 2 + len(SOME)
