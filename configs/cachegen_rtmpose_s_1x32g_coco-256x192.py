# Config of tools/generate_solvability_cache.py: plain crops in a fixed order,
# a frozen pose network and a teacher; nothing trains.
_base_ = ['./solvability_rtmpose_s_1x32g_coco-256x192.py']
work_dir = 'work_dirs/self_verify_pose/{{fileBasenameNoExtension}}'

model = dict(trust_cfg=dict(enable=False))

# the crops of validation, with targets, which tell what is labeled
cache_pipeline = [*_base_.val_pipeline[:-1], *_base_.train_pipeline[-2:]]
train_dataloader = dict(
    batch_size=64,
    sampler=dict(shuffle=False),
    dataset=dict(pipeline=cache_pipeline, test_mode=True),
)
val_dataloader = dict(dataset=dict(pipeline=cache_pipeline))
test_dataloader = val_dataloader
