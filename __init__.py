"""Self-Verify Pose: trust for every joint of an MMPose top-down estimator."""

__version__ = '0.1.0'

# as projects.self_verify_pose in an MMPose checkout
if __name__.endswith('.self_verify_pose'):
    from .alias import add_alias

    add_alias(__name__)
