"""MMPose's samples of the data sets beside COCO, in the documented layout."""

import os
from pathlib import Path
from unittest import mock

from helpers import load_config, narrow, shared_path

OCHUMAN = 'configs/evaluation/ochuman.py'
HUMANART = 'configs/evaluation/humanart.py'
CROWDPOSE = 'configs/selfverify_cycle_rtmpose_m_8xb64_crowdpose-256x192.py'
EXLPOSE = 'configs/selfverify_cycle_hrnet_w32_8xb64_exlpose-256x192.py'

# variable, annotation file, and image folder that the samples stand for; the
# samples of ExLPose lie beside their annotation file
SETS = {
    OCHUMAN: (
        'OCHUMAN_ROOT',
        'annotations/ochuman_coco_format_test_range_0.00_1.00.json',
        'images',
    ),
    HUMANART: (
        'HUMANART_ROOT',
        'HumanArt/annotations/validation_humanart.json',
        'HumanArt/images',
    ),
    CROWDPOSE: (
        'CROWDPOSE_ROOT',
        'annotations/mmpose_crowdpose_test.json',
        'images',
    ),
    EXLPOSE: (
        'EXLPOSE_ROOT',
        'annotations/ExLPose/ExLPose_test_LL-A.json',
        '',
    ),
}


def lay_out(name: str, root: Path) -> None:
    """Link the samples of a config's data set into an empty folder."""
    variable, annotations, images = SETS[name]
    title = variable.removesuffix('_ROOT').lower()
    samples = shared_path('data', 'mmpose_samples', title)
    links = {annotations: samples / f'test_{title}.json'}
    if images:
        links[images] = samples
    else:
        links |= {path.name: path for path in samples.glob('*.png')}
    for place, target in links.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).symlink_to(target)


def load_evaluation(name: str, root: Path, **variables: str):
    """Read a config with its data in a folder, in one small process."""
    given = {SETS[name][0]: str(root), **variables}
    with mock.patch.dict(os.environ, given):
        config = load_config(name)
    if name != EXLPOSE:
        narrow(config.model)
    config.test_dataloader.update(num_workers=0, persistent_workers=False)
    config.work_dir = str(root / 'work')
    return config
