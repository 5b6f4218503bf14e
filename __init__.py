"""Self-Verify Pose: trust for every joint of an MMPose top-down estimator."""

__version__ = '0.1.0'
