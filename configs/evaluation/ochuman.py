# Test on OCHuman, heavily occluded persons with the 17 keypoints of COCO, of
# the model of TRUST_CONFIG, a config that tests on COCO (an absolute path).
# OCHUMAN_ROOT names the folder.
# mmengine evaluates this expression with the os of its own
_base_ = [
    os.environ.get('TRUST_CONFIG')  # noqa: F821
    or '../selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py'
]

from self_verify_pose.environment import read_text  # noqa: E402

work_dir = 'work_dirs/self_verify_pose/{{fileBasenameNoExtension}}'
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CheckedOCHumanDataset',
        data_root=read_text('OCHUMAN_ROOT'),
        ann_file='annotations/ochuman_coco_format_test_range_0.00_1.00.json',
        data_prefix=dict(img='images/'),
        test_mode=True,
        pipeline=_base_.test_dataloader.dataset.pipeline,
    )
)
# AP with the annotations of the data set; trust and raw score as on COCO
test_evaluator = [dict(type='CocoMetric'), *_base_.test_evaluator[1:]]
