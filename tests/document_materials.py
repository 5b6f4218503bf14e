"""Small files of all names that the documents use: data, weights, results."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import torch
from decision_files import write_files
from helpers import (
    BASELINE,
    ROOT,
    SELFVERIFY,
    build_estimator,
    load_mmpose_config,
)
from mmpose.registry import MODELS

from self_verify_pose.datasets.synthetic import draw_scene, make_dataset
from self_verify_pose.skeleton import JOINTS

# all of the same persons
RESULTS = ('predictions', 'predictions_train', 'results', 'train')
ANNOTATIONS = ('annotations', 'annotations_train', 'images')
ANNOTATIONS += ('person_keypoints_val2017', 'train_annotations')
HRNET = 'td-hm_hrnet-w32_udp-8xb64-210e_coco-256x192.py'


def write_materials(folder: Path) -> Path:
    """Write what the documents take for given: data, weights, results.

    Returns:
        The folder, which is only read.
    """
    make_dataset(folder / 'data' / 'coco', train=12, val=4)
    (folder / 'data' / 'synthetic_coco').symlink_to('coco')
    _write_weights(folder)
    _write_results(folder)
    _write_images(folder)
    return folder


def _write_weights(folder: Path) -> None:
    config = f"_base_ = ['{ROOT / SELFVERIFY}']\n"
    (folder / 'config.py').write_text(config)
    plain = build_estimator(BASELINE, small=False).state_dict()
    torch.save({'state_dict': plain}, folder / 'pose.pth')
    trusted = build_estimator(SELFVERIFY, small=False).state_dict()
    for name in ('trusted.pth', 'checkpoint.pth'):
        torch.save({'state_dict': trusted}, folder / name)
    config = load_mmpose_config(
        f'body_2d_keypoint/topdown_heatmap/coco/{HRNET}'
    )
    hrnet = MODELS.build(config.model).state_dict()
    for name in ('hrnet.pth', 'hrnet_w32_udp.pth'):
        torch.save({'state_dict': hrnet}, folder / name)
    (folder / 'checkpoints').mkdir()
    official = folder / 'checkpoints' / 'rtmpose-s_simcc-coco_256x192.pth'
    shutil.copy(folder / 'pose.pth', official)


def _write_results(folder: Path) -> None:
    """Write results of two estimators on images to fit and to apply trust."""
    write_files(folder, 300, len(JOINTS), JOINTS)
    for name in RESULTS:
        shutil.copy(folder / 'scored.json', folder / f'{name}.json')
    for name in ANNOTATIONS:
        shutil.copy(folder / 'ann.json', folder / f'{name}.json')
    # further images like those that the page has scored
    (folder / 'new.json').symlink_to('scored.json')
    rng = np.random.default_rng(9)
    for name, other in (('train', 'other_train'), ('results', 'other')):
        found = json.loads((folder / f'{name}.json').read_text())
        for one in found:
            points = np.reshape(one['keypoints'], (-1, 3))
            points[:, :2] += rng.normal(0, 4, (len(points), 2))
            one['keypoints'] = points.ravel().tolist()
        (folder / f'{other}.json').write_text(json.dumps(found))


def _write_images(folder: Path) -> None:
    """Write the images of the results, and an annotated part of them."""
    image = draw_scene(seed=0, split='val', index=0).image
    cv2.imwrite(str(folder / 'photo.jpg'), image)
    images = folder / 'images'
    images.mkdir()
    for number in range(300):
        small = cv2.resize(image, (400, 400))
        cv2.imwrite(str(images / f'{number}.jpg'), small)
    (folder / 'IMAGES').symlink_to(images)
    calib = folder / 'calib'
    calib.mkdir()
    write_files(calib, 40, len(JOINTS), JOINTS)
    (calib / 'ann.json').rename(calib / 'annotations.json')
    (calib / 'images').symlink_to(images)
    codec, size = cv2.VideoWriter.fourcc(*'mp4v'), image.shape[1::-1]
    video = cv2.VideoWriter(str(folder / 'clip.mp4'), codec, 12.5, size)
    for _ in range(3):
        video.write(image)
    video.release()
    box = [20, 30, 180, 250]
    boxes = {'photo.jpg': [box], 'clip.mp4': [[box]] * 3}
    (folder / 'boxes.json').write_text(json.dumps(boxes))
