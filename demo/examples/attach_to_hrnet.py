"""Attach trust to HRNet: a config of six lines, and a training.

python demo/examples/attach_to_hrnet.py HRNET.pth OUT

HRNET.pth holds the weights; mim download mmpose --config
td-hm_hrnet-w32_udp-8xb64-210e_coco-256x192 --dest . gets them. One epoch on a
few drawn persons in OUT shows what a training needs and leaves, not how good
trust becomes. With COCO, set COCO_ROOT and run: mim train mmpose OUT/attach.py
"""

import os
import sys
from pathlib import Path

import self_verify_pose.compat  # noqa: F401, isort: skip

from mmengine.config import Config
from mmengine.runner import Runner

from self_verify_pose.apis import inference_trust, init_trust_model
from self_verify_pose.datasets.synthetic import make_dataset

weights, out = (Path(path).resolve() for path in sys.argv[1:3])
BASES = [
    'mmpose::body_2d_keypoint/topdown_heatmap/coco/'
    'td-hm_hrnet-w32_udp-8xb64-210e_coco-256x192.py',
    f'{Path(__file__).resolve().parents[2]}/configs/_base_/attach_trust.py',
]
CONFIG = f"""
_base_ = {BASES}
load_from = '{weights}'
model, custom_imports, custom_hooks = _base_.frozen_trust
visualizer, default_hooks = _base_.trust_logging
train_cfg, optim_wrapper, param_scheduler = _base_.head_training
train_dataloader, val_dataloader, test_dataloader = _base_.coco_loaders
val_evaluator = test_evaluator = _base_.trust_evaluator
"""

make_dataset(out / 'coco', train=2, val=1)
os.environ['COCO_ROOT'] = str(out / 'coco')
(out / 'attach.py').write_text(CONFIG)
config = Config.fromfile(out / 'attach.py')
config.work_dir = str(out / 'run')
config.train_cfg.max_epochs = 1
Runner.from_cfg(config).train()

# The pose is that of HRNet; trust is beside it.
model = init_trust_model(out / 'attach.py', out / 'run' / 'latest.pth')
image = next((out / 'coco' / 'val2017').iterdir())
(sample,) = inference_trust(model, image)  # the whole image is the box
print(sample.pred_instances.keypoint_trust.round(2))
