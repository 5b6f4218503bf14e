import pytest
from helpers import BASELINE, build_estimator
from mmpose.models.heads import HeatmapHead

from self_verify_pose.models.distributions import read_head
from self_verify_pose.models.distributions.simcc import SimCCReader


def test_a_simcc_head_has_a_reader():
    reader = read_head(build_estimator(BASELINE).head)
    assert isinstance(reader, SimCCReader)
    assert reader.input_size == (192, 256)


def test_a_head_of_another_family_is_refused_in_one_sentence():
    with pytest.raises(
        ValueError, match=r'expected a SimCC head .*, found HeatmapHead; use'
    ):
        read_head(HeatmapHead(8, 17))
