# RTMPose-S with rotation consistency and a trust head that learns from it.
_base_ = ['./baseline_rtmpose_s_1x32g_coco-256x192.py']

model = dict(
    type='SelfVerifyTopdown',
    # the trust head reads the two earlier maps, the pose head the last one
    backbone=dict(out_indices=(2, 3, 4)),
    full_param_train=True,
    trust_head=dict(type='TrustHead'),
    consistency_cfg=dict(enable=True),
    trust_cfg=dict(enable=True, source='consistency'),
)

val_evaluator = [
    *_base_.val_evaluator,
    dict(
        type='JointTrustMetric',
        score_field='keypoint_trust',
        prefix='trust',
    ),
]
test_evaluator = val_evaluator
