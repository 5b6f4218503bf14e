import os
import time

import pytest
import torch
from helpers import ROOT, SELFVERIFY, load_config

from self_verify_pose.engine.trained_run import (
    best_checkpoint,
    config_as_trained,
)


def save(path, age, best=None):
    hub = {'runtime_info': {'best_ckpt': best and str(best)}}
    torch.save({'state_dict': {}, 'message_hub': hub}, path)
    moment = time.time() - age
    os.utime(path, (moment, moment))
    return path


def test_a_best_checkpoint_of_an_earlier_training_is_not_taken(tmp_path):
    save(tmp_path / 'best_coco_AP_epoch_9.pth', age=90)
    last = save(tmp_path / 'latest.pth', age=10)
    assert best_checkpoint(tmp_path) == last


def test_the_best_of_the_last_training_is_taken(tmp_path):
    save(tmp_path / 'best_coco_AP_epoch_9.pth', age=90)
    best = save(tmp_path / 'best_coco_AP_epoch_2.pth', age=30)
    save(tmp_path / 'latest.pth', age=10, best='/elsewhere' / best)
    assert best_checkpoint(tmp_path) == best
    newest = save(tmp_path / 'best_coco_AP_epoch_3.pth', age=5)
    assert best_checkpoint(tmp_path) == newest


def test_a_folder_without_a_last_checkpoint(tmp_path):
    with pytest.raises(FileNotFoundError, match='found neither; give'):
        best_checkpoint(tmp_path)
    best = save(tmp_path / 'best_coco_AP_epoch_9.pth', age=90)
    assert best_checkpoint(tmp_path) == best


def test_the_model_is_as_trained_and_the_data_are_as_now(tmp_path):
    trained = load_config(SELFVERIFY, '/data/of/the/training')
    trained.model.head.input_size = (96, 128)
    trained.test_dataloader.dataset.indices = 3
    trained.dump(tmp_path / 'copy.py')
    combined = config_as_trained(ROOT / SELFVERIFY, tmp_path / 'copy.py')
    assert combined.model.head.input_size == (96, 128)
    data = combined.test_dataloader.dataset
    assert 'indices' not in data
    assert '/data/of/the/training' not in str(data)
