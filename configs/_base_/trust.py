# A trust head beside the pose, with rotation consistency.
_base_ = []

# mmengine takes a config for its other kind if an import stands above _base_
from self_verify_pose.environment import read_text  # noqa: E402

trust_model = dict(
    type='SelfVerifyTopdown',
    full_param_train=True,
    trust_head=dict(type='TrustHead'),
    consistency_cfg=dict(enable=True),
    trust_cfg=dict(enable=True, source=dict(type='consistency')),
)
# The trust head alone, which learns from strongly augmented views of the
# crops, without labels, on a pose network that stays as it is.
frozen_model = dict(**trust_model)
frozen_model.update(
    full_param_train=False,
    consistency_cfg=dict(enable=True, hard_view=dict()),
)
# RTMPose: the trust head reads the two earlier maps, the pose head the last
rtmpose_maps = (2, 3, 4)
trust_metric = dict(
    type='JointTrustMetric', score_field='keypoint_trust', prefix='trust'
)
# the weights of a pose network that stays as it is
pose_checkpoint = read_text('POSE_CKPT')
