# Test on OCHuman, heavily occluded persons with the 17 keypoints of COCO, of
# the model of TRUST_CONFIG, a config that tests on COCO (an absolute path).
# OCHUMAN_ROOT names the folder.
_base_ = [
    '{{$TRUST_CONFIG:../selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py}}'
]

test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CheckedOCHumanDataset',
        data_root='{{$OCHUMAN_ROOT:data/ochuman/}}',
        ann_file='annotations/ochuman_coco_format_test_range_0.00_1.00.json',
        data_prefix=dict(img='images/'),
        test_mode=True,
        pipeline=_base_.test_dataloader.dataset.pipeline,
    )
)
# AP with the annotations of the data set; trust and raw score as on COCO
test_evaluator = [dict(type='CocoMetric'), *_base_.test_evaluator[1:]]
