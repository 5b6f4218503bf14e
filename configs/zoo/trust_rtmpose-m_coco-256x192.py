# Trust for RTMPose-M, whose weights are POSE_CKPT.
_base_ = [
    'mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-m_8xb256-420e_coco-256x192.py',
    '../_base_/attach_trust.py',
]
work_dir = 'work_dirs/self_verify_pose/{{fileBasenameNoExtension}}'
load_from = _base_.pose_checkpoint
model, custom_imports, custom_hooks = _base_.frozen_trust
visualizer, default_hooks = _base_.trust_logging
train_cfg, optim_wrapper, param_scheduler = _base_.head_training
train_dataloader, val_dataloader, test_dataloader = _base_.coco_loaders
val_evaluator = test_evaluator = _base_.trust_evaluator
model.backbone = dict(out_indices=_base_.rtmpose_maps)
