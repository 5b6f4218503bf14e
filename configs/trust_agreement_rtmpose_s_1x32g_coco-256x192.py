# The trust head of trust_best, which learns, without labels, whether another
# pose estimator agrees: OTHER_POSES names its results on the training images
# (docs/offline.md). For another model only the first line changes.
_base_ = ['./trust_best_rtmpose_s_1x32g_coco-256x192.py']
work_dir = 'work_dirs/self_verify_pose/{{fileBasenameNoExtension}}'

model = dict(trust_cfg=dict(source=dict(type='agreement')))
train_dataloader = dict(
    dataset=dict(
        pipeline=[
            *_base_.train_pipeline[:-1],
            _base_.load_other_pose,
            _base_.pack_inputs,
        ]
    )
)
