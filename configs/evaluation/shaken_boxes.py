# Test on COCO, with annotated boxes whose sides are moved by up to 20 %, of
# the model of TRUST_CONFIG, a config that tests on COCO (an absolute path).
# mmengine evaluates this expression with the os of its own
_base_ = [
    os.environ.get('TRUST_CONFIG')  # noqa: F821
    or '../selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py'
]

work_dir = 'work_dirs/self_verify_pose/{{fileBasenameNoExtension}}'
shaken = []
for step in _base_.test_dataloader.dataset.pipeline:
    shaken.append(step)
    if step['type'] == 'GetBBoxCenterScale':
        shaken.append(dict(type='ShakeBox', share=0.2))
del step
test_dataloader = dict(dataset=dict(pipeline=shaken))
