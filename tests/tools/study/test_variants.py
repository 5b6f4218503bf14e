import pytest

from self_verify_pose.models.distributions.heatmap import HeatmapDistribution
from self_verify_pose.models.distributions.simcc import SimCCDistribution
from self_verify_pose.models.heads.trust_features import scalar_names
from self_verify_pose.skeleton import JOINTS
from self_verify_pose.tools.study.head_variants import FeatureLayout
from self_verify_pose.tools.study.variants import make_ablations


def ablations(kind, channels, levels):
    names = scalar_names(kind.statistic_names)
    layout = FeatureLayout(channels, levels, JOINTS, names, 0)
    return layout, make_ablations(layout)


@pytest.mark.parametrize(
    ('channels', 'levels', 'expected'),
    [
        # RTMPose: the pose head reads the last map, the trust head does not
        ([4, 8, 16], (0, 1), [(1,), (0,), (0, 1, 2)]),
        ([4, 8, 16, 2], (3, 0), [(0,), (3,), None]),
        ([32], (0,), [None, None, None]),
    ],
)
def test_levels_are_those_of_the_pose_network(channels, levels, expected):
    _, rows = ablations(SimCCDistribution, channels, levels)
    names = 'without the first level', 'without the second level'
    found = [rows[name] for name in (*names, 'with the last level, too')]
    assert [row and row.changes['levels'] for row in found] == expected


@pytest.mark.parametrize('kind', [SimCCDistribution, HeatmapDistribution])
def test_hidden_features_are_those_of_the_family(kind):
    layout, rows = ablations(kind, [4, 8], (0, 1))
    hidden = [row.hidden for row in rows.values() if row and row.hidden]
    assert sorted(sum(hidden, ())) == sorted(layout.scalar_names)
    masses = rows['without mass within shares of the size'].hidden
    assert masses
    assert all('mass_' in name for name in masses)
