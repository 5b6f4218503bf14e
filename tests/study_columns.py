"""Sizes of the made-up features of the tests of tools/study."""

from self_verify_pose.models.distributions.simcc import SimCCDistribution
from self_verify_pose.models.heads.trust_features import scalar_names
from self_verify_pose.skeleton import JOINTS
from self_verify_pose.tools.study.head_variants import FeatureLayout

CHANNELS = [4, 8, 16]
SCALAR_NAMES = scalar_names(SimCCDistribution.statistic_names)
LAYOUT = FeatureLayout(CHANNELS, (0, 1), JOINTS, SCALAR_NAMES, 2)
N, V, K = 40, 3, 17
