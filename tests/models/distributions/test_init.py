import pytest
from helpers import BASELINE, build_estimator
from mmpose.models.heads import HeatmapHead, RegressionHead

from self_verify_pose.models.distributions import read_head
from self_verify_pose.models.distributions.simcc import SimCCReader


def test_a_simcc_head_has_a_reader():
    reader = read_head(build_estimator(BASELINE).head)
    assert isinstance(reader, SimCCReader)
    assert reader.input_size == (192, 256)


@pytest.mark.parametrize(
    'head',
    [
        HeatmapHead(8, 17),  # no codec
        RegressionHead(
            8,
            17,
            decoder={'type': 'RegressionLabel', 'input_size': (192, 256)},
        ),
    ],
)
def test_a_head_of_another_family_is_refused_in_one_sentence(head):
    with pytest.raises(ValueError) as caught:
        read_head(head)
    message = str(caught.value)
    for family in ('a SimCC head', 'a heatmap head', 'RLEHead'):
        assert family in message
    assert f'found {type(head).__name__} with' in message
