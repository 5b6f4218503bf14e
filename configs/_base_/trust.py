# A trust head beside the pose, with rotation consistency.
trust_model = dict(
    type='SelfVerifyTopdown',
    # the trust head reads the two earlier maps, the pose head the last one
    backbone=dict(out_indices=(2, 3, 4)),
    full_param_train=True,
    trust_head=dict(type='TrustHead'),
    consistency_cfg=dict(enable=True),
    trust_cfg=dict(enable=True, source=dict(type='consistency')),
)
trust_metric = dict(
    type='JointTrustMetric', score_field='keypoint_trust', prefix='trust'
)
# the weights of a pose network that stays as it is
pose_checkpoint = '{{$POSE_CKPT:checkpoints/rtmpose-s_simcc-coco_256x192.pth}}'
