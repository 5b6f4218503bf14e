# The trust of HRNet-W32 with UDP, learned from a teacher's cached targets.
_base_ = [
    './trust_hrnet-w32-udp_coco-256x192.py',
    '../_base_/cached_trust.py',
]
work_dir = 'work_dirs/self_verify_pose/{{fileBasenameNoExtension}}'
model, default_hooks, *_loaders = _base_.cached_trust
train_dataloader, val_dataloader, test_dataloader = _loaders
train_dataloader.dataset.pipeline = [
    *_base_.val_pipeline[:-1],
    _base_.load_targets,
    _base_.pack_inputs,
]
