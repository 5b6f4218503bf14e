"""Short runs on MMPose's samples of data sets with other skeletons."""

import json
from pathlib import Path
from typing import NamedTuple

import torch
from helpers import NARROW, load_config, shared_path
from mmengine.config import Config, ConfigDict
from mmengine.runner import Runner


class Skeleton(NamedTuple):
    """A data set: MMPose's description and class, files of its sample."""

    count: int
    description: str
    kind: str
    annotations: str
    images: str


SKELETONS = {
    'coco': Skeleton(
        17, 'coco', 'CheckedCocoDataset', 'coco/test_coco.json', 'coco'
    ),
    'crowdpose': Skeleton(
        14,
        'crowdpose',
        'CrowdPoseDataset',
        'crowdpose/test_crowdpose.json',
        'crowdpose',
    ),
    'mpii': Skeleton(16, 'mpii', 'MpiiDataset', 'mpii/test_mpii.json', 'mpii'),
    'halpe26': Skeleton(
        26, 'halpe26', 'CheckedCocoDataset', 'halpe/test_halpe.json', 'coco'
    ),
    'wholebody': Skeleton(
        133,
        'coco_wholebody',
        'CocoWholeBodyDataset',
        'coco/test_coco_wholebody.json',
        'coco',
    ),
    'aic': Skeleton(14, 'aic', 'AicDataset', 'aic/test_aic.json', 'aic'),
}


def annotations_of(name: str, folder: Path) -> Path:
    """Return the annotation file; Halpe-26 is the start of Halpe-136."""
    path = shared_path('data', 'mmpose_samples', SKELETONS[name].annotations)
    if name != 'halpe26':
        return path
    content = json.loads(path.read_text())
    for person in content['annotations']:
        person['keypoints'] = person['keypoints'][: 3 * 26]
    cut = folder / 'halpe26.json'
    cut.write_text(json.dumps(content))
    return cut


def skeleton_config(base: str, name: str, folder: Path) -> Config:
    """Change a config to the sample of another data set, narrow, on the CPU.

    Args:
        base: Config in the repository.
        name: Key in ``SKELETONS``.
        folder: Folder of the run.

    Returns:
        A config of one epoch in this process.
    """
    skeleton = SKELETONS[name]
    images = shared_path('data', 'mmpose_samples', skeleton.images)
    config = load_config(base)
    config.merge_from_dict(dict(_option(o) for o in NARROW))
    config.work_dir = str(folder)
    metainfo = {
        'from_file': f'configs/_base_/datasets/{skeleton.description}.py'
    }
    config.model.metainfo = metainfo
    config.model.head.out_channels = skeleton.count
    for split in ('train', 'val', 'test'):
        loader = config[f'{split}_dataloader']
        loader.update(batch_size=4, num_workers=0, persistent_workers=False)
        loader.pop('sampler') if split == 'train' else None
        if split == 'train':
            loader.sampler = {'type': 'DefaultSampler', 'shuffle': True}
        loader.dataset = ConfigDict(
            type=skeleton.kind,
            metainfo=metainfo,
            ann_file=str(annotations_of(name, folder)),
            data_prefix={'img': str(images)},
            pipeline=loader.dataset.pipeline,
            test_mode=split != 'train',
        )
    config.train_cfg.max_epochs = 1
    metrics = [
        {'type': 'JointTrustMetric'},
        {'type': 'JointTrustMetric', 'score_field': 'keypoint_scores'},
        {'type': 'DumpResults', 'out_file_path': str(folder / 'found.pkl')},
    ]
    config.val_evaluator = metrics[:2]
    config.test_evaluator = metrics
    config.default_hooks.checkpoint = {'type': 'CheckpointHook'}
    config.default_hooks.logger.interval = 1
    config.default_hooks.trust_panel.num = 2
    config.default_hooks.pop('latest_link', None)
    config.custom_hooks = []
    config.default_hooks.pop('compile_backbone', None)
    # one of its own: MMEngine keeps visualizers by name
    config.experiment_name = config.visualizer.name = str(folder)
    return config


def run_epoch(config: Config, test: bool = True) -> Runner:
    """Train and validate in this process, then test."""
    torch.manual_seed(0)
    runner = Runner.from_cfg(config)
    runner.train()
    if test:
        runner.test()
    return runner


def _option(text: str) -> tuple[str, object]:
    name, value = text.split('=')
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
