# Test on Human-Art, persons in art with the 17 keypoints of COCO, of the
# model of TRUST_CONFIG, a config that tests on COCO (an absolute path).
# HUMANART_ROOT names the folder that holds HumanArt/.
_base_ = [
    '{{$TRUST_CONFIG:../selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py}}'
]

test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='CheckedHumanArtDataset',
        data_root='{{$HUMANART_ROOT:data/}}',
        ann_file='HumanArt/annotations/validation_humanart.json',
        test_mode=True,
        pipeline=_base_.test_dataloader.dataset.pipeline,
    )
)
# AP with the annotations of the data set; trust and raw score as on COCO
test_evaluator = [dict(type='CocoMetric'), *_base_.test_evaluator[1:]]
