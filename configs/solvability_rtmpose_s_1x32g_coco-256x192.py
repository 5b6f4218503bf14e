# RTMPose-S with a trust head that learns from an inverse-kinematics teacher.
_base_ = ['./selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py']

model = dict(
    consistency_cfg=dict(enable=False),
    solvability_cfg=dict(enable=True, teacher='free'),
    trust_cfg=dict(source='solvability'),
)
