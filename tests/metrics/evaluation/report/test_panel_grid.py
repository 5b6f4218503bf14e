import pytest

from self_verify_pose.metrics.evaluation.report.panel_grid import panel_grid


@pytest.mark.parametrize(
    ('count', 'columns', 'shape'),
    [(1, 2, (1, 1)), (2, 2, (1, 2)), (5, 2, (3, 2)), (7, 4, (2, 4))],
)
@pytest.mark.parametrize('heights', [(1,), (3, 1)])
def test_panels_fill_the_rows_and_the_rest_is_hidden(
    count, columns, shape, heights
):
    figure, grid = panel_grid(
        count, (3, 2), (0.5, 1), columns, heights, sharex=True
    )
    assert grid.shape == (*shape, len(heights))
    assert figure.get_size_inches() == pytest.approx(
        (3 * shape[1] + 0.5, 2 * shape[0] + 1)
    )
    panels = grid.reshape(-1, len(heights))
    for number, parts in enumerate(panels):
        assert {axes.get_visible() for axes in parts} == {number < count}


def test_the_axes_of_a_panel_lie_below_each_other():
    figure, grid = panel_grid(2, (4, 4), heights=(3, 1))
    figure.draw_without_rendering()
    for upper, lower in grid[0]:
        above, below = upper.get_position(), lower.get_position()
        assert above.y0 > below.y1
        assert above.x0 == pytest.approx(below.x0)
        assert above.height == pytest.approx(3 * below.height)
    (left, _), (right, _) = grid[0]
    assert left.get_position().x1 < right.get_position().x0
