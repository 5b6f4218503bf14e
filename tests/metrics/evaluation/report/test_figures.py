import re

from matplotlib.image import imread

from self_verify_pose.metrics.evaluation.report.figures import (
    FIGURES,
    draw_figures,
)


def test_every_figure_is_written_and_shown(written):
    text = (written / 'report.md').read_text()
    shown = re.findall(r'!\[.+?\]\((.+?)\)', text)
    assert len(shown) == len(set(shown)) == len(FIGURES) + 3
    for name in shown:
        image = imread(written / name)
        assert min(image.shape[:2]) > 300
        # not empty, and with a margin on every side
        assert image.std() > 0.05
        border = [image[0], image[-1], image[:, 0], image[:, -1]]
        assert all((edge == 1).all() for edge in border)
        svg = (written / name).with_suffix('.svg').read_text()
        assert '<svg' in svg
        assert len(svg) < 300_000


def test_figures_of_two_classes_are_left_out_for_one(written):
    drawn = {p.stem for p in (written / 'figures').glob('wrong_*.png')}
    assert drawn == {
        'wrong_risk_coverage',
        'wrong_reliability',
        'wrong_histogram',
    }
    assert (
        'AUROC and AUPR_error are NaN' in (written / 'report.md').read_text()
    )


def test_the_same_input_gives_the_same_figures(
    report, written, tmp_path, monkeypatch
):
    chosen = ('roc', 'parts')  # curves and bars
    for name in set(FIGURES) - set(chosen):
        monkeypatch.delitem(FIGURES, name)
    draw_figures(report, tmp_path, 'one')
    drawn = sorted(tmp_path.iterdir())
    assert len(drawn) == 2 * len(chosen)
    for path in drawn:
        other = written / 'figures' / path.name
        assert path.read_bytes() == other.read_bytes(), path.name
