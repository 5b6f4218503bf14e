"""Fixtures of all tests."""

import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import cv2
import pytest
from helpers import save_tiny, shared_path
from mmengine.config import config as mmengine_config
from mmengine.config import utils
from mmengine.registry import DefaultScope, init_default_scope

from self_verify_pose.datasets.synthetic import draw_scene, make_dataset


@pytest.fixture(autouse=True)
def _default_scope() -> Iterator[None]:
    """Run each test in the scope of MMPose, as runners and tools do."""
    DefaultScope._instance_dict.clear()
    init_default_scope('mmpose')
    yield
    DefaultScope._instance_dict.clear()


@pytest.fixture(scope='session', autouse=True)
def _quick_configs() -> Iterator[None]:
    """Let configs be read and written without the slow parts of MMEngine.

    MMEngine reads all lists of MMPose's models for each base config in its
    zoo, and yapf takes a second to format one config.
    """

    def format_code(text: str, **options: object) -> tuple[str, bool]:
        return text, False

    load = functools.cache(utils.load)
    is_installed = functools.cache(mmengine_config.is_installed)
    with (
        mock.patch.object(mmengine_config, 'FormatCode', format_code),
        mock.patch.object(mmengine_config, 'is_installed', is_installed),
        mock.patch.object(utils, 'load', load),
    ):
        yield


@pytest.fixture(scope='session')
def coco_mini() -> Path:
    """Return the root of a few real COCO images."""
    return shared_path('data', 'coco_mini')


@pytest.fixture(scope='session')
def plain_checkpoint() -> Path:
    """Return real weights of plain RTMPose-S."""
    return shared_path(
        'checkpoints', 'rtmpose-s_lspet+coco-mini_256x192_fp16.pth'
    )


@pytest.fixture(scope='session')
def synthetic_coco(tmp_path_factory) -> Path:
    """Return synthetic COCO, to read only: 23 train and 17 val persons."""
    root = tmp_path_factory.mktemp('synthetic') / 'coco'
    make_dataset(root, train=12, val=8)
    return root


@pytest.fixture(scope='session')
def photo(tmp_path_factory) -> Path:
    """Return a synthetic image."""
    path = tmp_path_factory.mktemp('photo') / 'photo.jpg'
    cv2.imwrite(str(path), draw_scene(seed=0, split='val', index=0).image)
    return path


@pytest.fixture(scope='session')
def clip(photo) -> Path:
    """Return a video of three frames, 12.5 a second."""
    path = photo.with_name('clip.avi')
    image = cv2.imread(str(photo))
    codec = cv2.VideoWriter.fourcc(*'MJPG')
    writer = cv2.VideoWriter(str(path), codec, 12.5, image.shape[1::-1])
    for _ in range(3):
        writer.write(image)
    writer.release()
    return path


@pytest.fixture(scope='session')
def tiny_files(tmp_path_factory) -> tuple[Path, Path]:
    """Return config and checkpoint of a narrow estimator with trust."""
    return save_tiny(tmp_path_factory.mktemp('tiny'))


@pytest.fixture
def tiny_disk(tmp_path) -> Iterator[Path]:
    """Return a folder on a disk of 256 KiB."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f'needs the right to mount: {done.stderr.strip()}')
    yield folder
    subprocess.run(['umount', str(folder)], check=True)
