import functools
import threading
import types
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest
import torch
from helpers import BASELINE, SELFVERIFY, build_estimator, load_config
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.hooks import CheckpointHook
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmpose.datasets import CocoDataset
from prediction_files import annotations, write
from torch import nn

from self_verify_pose.engine.hooks import preflight
from self_verify_pose.engine.hooks.preflight import PreflightHook


class Model(nn.Module):
    def __init__(self, init_cfg=None):
        super().__init__()
        self.backbone = nn.Linear(2, 3)
        self.backbone.init_cfg = init_cfg
        self.trust_head, self.gives_trust = nn.Linear(3, 1), True


def runner(cfg=None, load_from=None, resume=None, init_cfg=None):
    """Return a stand-in with the attributes that the hook reads.

    Args:
        cfg: Its config.
        load_from: The checkpoint to load.
        resume: A work directory to resume from.
        init_cfg: Initial weights of the backbone.
    """
    if resume is not None:
        (resume / 'epoch_1.pth').touch()
        (resume / 'last_checkpoint').write_text(str(resume / 'epoch_1.pth'))
    return types.SimpleNamespace(
        cfg=cfg or Config(),
        work_dir=str(resume),
        model=Model(init_cfg),
        _load_from=load_from,
        _train_loop=None,
        _val_loop=None,
        _test_loop=None,
        _hooks=[],
        _resume=resume is not None,
        logger=MMLogger.get_current_instance(),
    )


@pytest.mark.parametrize('name', [BASELINE, SELFVERIFY])
def test_named_configs_pass(name, monkeypatch):
    config = load_config(name)
    config.merge_from_dict(
        {'work_dir': 'x', 'launcher': 'none', 'compile': True}
    )
    run = runner(config)
    messages = []
    monkeypatch.setattr(run.logger, 'warning', messages.append)
    PreflightHook().before_run(run)
    assert messages == []


def test_a_frozen_pose_network_is_tested_without_weights():
    run = runner()
    run.model.full_param_train = False
    PreflightHook().before_run(run)


@pytest.mark.parametrize('start', ['anew', 'resumed', 'resumed from nothing'])
def test_a_frozen_pose_network_is_not_trained_without_weights(start, tmp_path):
    run = runner(resume=tmp_path if start == 'resumed' else None)
    run._resume, run.work_dir = start != 'anew', str(tmp_path)
    run.model.full_param_train = False
    run._train_loop = types.SimpleNamespace(
        dataloader=types.SimpleNamespace(dataset=None)
    )
    if start == 'resumed':
        PreflightHook().before_run(run)
        return
    with pytest.raises(ValueError, match='load_from: expected the weights'):
        PreflightHook().before_run(run)


@pytest.mark.parametrize(('total', 'warned'), [(60, True), (2000, False)])
def test_a_warm_up_longer_than_the_training_is_named(
    total, warned, monkeypatch
):
    run = runner(load_config(BASELINE))
    run._train_loop = types.SimpleNamespace(max_iters=total)
    messages = []
    monkeypatch.setattr(run.logger, 'warning', messages.append)
    PreflightHook().before_run(run)
    assert len(messages) == warned
    for message in messages:
        assert 'param_scheduler.0.end: expected a warm-up shorter' in message
        assert 'of 60 iterations, found 1000' in message


def test_unknown_key_raises():
    config = load_config(BASELINE)
    config.merge_from_dict({'train_dataloder.batch_size': 16})
    with pytest.raises(ValueError, match="unknown key 'train_dataloder'"):
        PreflightHook().before_run(runner(config))


def test_checkpoint_without_trust_head_passes(tmp_path):
    path = str(tmp_path / 'plain.pth')
    state = Model().state_dict()
    torch.save(
        {'state_dict': {k: v for k, v in state.items() if 'trust' not in k}},
        path,
    )
    PreflightHook().before_run(runner(load_from=path))


@pytest.mark.parametrize(
    ('content', 'error', 'match'),
    [
        (None, FileNotFoundError, 'found nothing at'),
        (b'', ValueError, 'cannot be read'),
        (b'no checkpoint at all', ValueError, 'cannot be read'),
        ('state_dict', ValueError, r'shape \(3, 2\), found \(5, 2\)'),
        ('nothing', ValueError, 'found nothing in'),
        ('list', ValueError, 'holds a list'),
    ],
)
def test_invalid_checkpoint_raises(tmp_path, content, error, match):
    path = tmp_path / 'bad.pth'
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == 'state_dict':
        torch.save({'backbone.weight': torch.zeros(5, 2)}, path)
    elif content == 'nothing':
        torch.save({'other.weight': torch.zeros(5, 2)}, path)
    elif content == 'list':
        torch.save([1, 2], path)
    with pytest.raises(error, match=match) as caught:
        PreflightHook().before_run(runner(load_from=str(path)))
    assert 'bad.pth' in str(caught.value)
    assert 'expected' in str(caught.value)


def test_checkpoint_with_code_raises(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ('executed',))

    path = tmp_path / 'evil.pth'
    torch.save({'state_dict': Evil()}, path)
    with pytest.raises(ValueError, match='cannot be read'):
        PreflightHook().before_run(runner(load_from=str(path)))


URL = 'http://127.0.0.1:9/cspnext-that-is-nowhere.pth'


def test_unreachable_initial_weights_warn_and_are_dropped(monkeypatch):
    run = runner(init_cfg={'type': 'Pretrained', 'checkpoint': URL})
    messages = []
    monkeypatch.setattr(run.logger, 'warning', messages.append)
    PreflightHook().before_run(run)
    assert run.model.backbone.init_cfg is None
    assert len(messages) == 1
    assert URL in messages[0]
    assert 'BACKBONE_INIT' in messages[0]


def test_downloaded_initial_weights_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path))
    (tmp_path / 'checkpoints').mkdir()
    (tmp_path / 'checkpoints' / URL.rsplit('/', 1)[1]).touch()
    run = runner(init_cfg={'type': 'Pretrained', 'checkpoint': URL})
    PreflightHook().before_run(run)
    assert run.model.backbone.init_cfg is not None


def test_initial_weights_are_not_requested_if_overwritten(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(
        preflight, '_is_available', lambda url: pytest.fail('looked')
    )
    run = runner(
        resume=tmp_path, init_cfg={'type': 'Pretrained', 'checkpoint': URL}
    )
    PreflightHook().before_run(run)
    assert run.model.backbone.init_cfg is None


def test_missing_file_of_initial_weights_raises(tmp_path):
    path = str(tmp_path / 'none.pth')
    run = runner(init_cfg={'type': 'Pretrained', 'checkpoint': path})
    with pytest.raises(FileNotFoundError, match='BACKBONE_INIT=none'):
        PreflightHook().before_run(run)


@pytest.mark.parametrize(
    ('name', 'refused'),
    [
        ('coco/AP', False),
        (['coco/AP', 'score/AUROC'], False),
        ('auto', False),
        (None, False),
        ('cocoo/AP', True),
        ('trust/AUROC', True),  # the model predicts no trust
    ],
)
def test_the_best_checkpoint_is_told_by_a_metric(name, refused):
    run = runner()
    run.model.gives_trust = False
    rule = 'greater' if name else None
    run._hooks = [CheckpointHook(save_best=name, rule=rule)]
    metrics = [
        types.SimpleNamespace(prefix='coco'),
        types.SimpleNamespace(prefix='score'),
        types.SimpleNamespace(prefix='trust', score_field='keypoint_trust'),
    ]
    PreflightHook().before_run(run)  # a test has no validation
    evaluator = types.SimpleNamespace(metrics=metrics)
    run._val_loop = types.SimpleNamespace(evaluator=evaluator)
    if not refused:
        PreflightHook().before_run(run)
        return
    with pytest.raises(ValueError, match=r'save_best: expected a metric of'):
        PreflightHook().before_run(run)


@pytest.mark.parametrize('gives_trust', [True, False])
def test_trust_metrics_need_trust(gives_trust):
    run = runner()
    run.model.gives_trust = gives_trust
    metrics = [
        types.SimpleNamespace(score_field='keypoint_scores'),
        types.SimpleNamespace(score_field='keypoint_trust'),
        types.SimpleNamespace(),
    ]
    run._val_loop = types.SimpleNamespace(
        evaluator=types.SimpleNamespace(metrics=metrics)
    )
    PreflightHook().before_run(run)
    kept = run._val_loop.evaluator.metrics
    assert len(kept) == (3 if gives_trust else 2)
    assert metrics[0] in kept


def skeleton_run(tmp_path, count, samples):
    """Return a runner with COCO data whose persons have so many joints."""
    truth = annotations()
    for person in truth['annotations']:
        person['keypoints'] = person['keypoints'][: 3 * samples]
    path = write(tmp_path / 'ann.json', truth)
    for image in truth['images']:
        blank = np.zeros((image['height'], image['width'], 3), np.uint8)
        cv2.imwrite(str(tmp_path / image['file_name']), blank)
    run = runner()
    run.model.head = types.SimpleNamespace(out_channels=count)
    run._train_loop = types.SimpleNamespace(
        dataloader=types.SimpleNamespace(
            dataset=CocoDataset(
                ann_file=str(path), data_prefix={'img': str(tmp_path)}
            )
        )
    )
    return run


def test_data_with_the_keypoints_of_the_model_pass(tmp_path):
    PreflightHook().before_run(skeleton_run(tmp_path, 17, 17))


@pytest.mark.parametrize(
    ('count', 'samples', 'match'),
    [
        (14, 17, r'17 keypoints of train_dataloader\.dataset \(coco\), .* 14'),
        (17, 14, r'17 keypoints a person, .* found 14 in .*ann\.json; set'),
    ],
)
def test_data_with_other_keypoints_raise(tmp_path, count, samples, match):
    run = skeleton_run(tmp_path, count, samples)
    with pytest.raises(ValueError, match=match):
        PreflightHook().before_run(run)


def test_a_checkpoint_of_another_skeleton_raises(tmp_path):
    path = str(tmp_path / 'other.pth')
    torch.save(build_estimator(head__out_channels=14).state_dict(), path)
    run = runner(load_from=path)
    run.model = build_estimator()
    with pytest.raises(
        ValueError,
        match=r"'head\.final_layer\.weight' of shape \(17, .*, found \(14, "
        r'.*other\.pth',
    ):
        PreflightHook().before_run(run)


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Return a folder and the URL under which it can be downloaded."""
    folder = tmp_path / 'served'
    folder.mkdir()
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'torch'))
    handler = functools.partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f'http://127.0.0.1:{server.server_port}'
        server.shutdown()


def test_a_checkpoint_to_download_is_checked_as_well(served):
    folder, url = served
    state = {'old.name': torch.zeros(1)}
    torch.save({'state_dict': state}, folder / 'same.pth')
    PreflightHook().before_run(runner(load_from=f'{url}/same.pth'))
    state['backbone.weight'] = torch.zeros(5, 2)
    torch.save({'state_dict': state}, folder / 'other.pth')
    with pytest.raises(ValueError, match=r'found \(5, 2\) in http.*other'):
        PreflightHook().before_run(runner(load_from=f'{url}/other.pth'))


def turning_run(turn, pack, stage2=None, teacher=True):
    """Return a runner whose crops are turned and packed in this way."""
    init_default_scope('mmpose')
    pipelines = [
        [{'type': 'RandomBBoxTransform', **turn}, pack]
        for turn, pack in ((turn, pack), stage2 or (turn, pack))
    ]
    run = runner()
    run.model.teacher = (lambda: None) if teacher else None
    run._train_loop = types.SimpleNamespace(
        dataloader=types.SimpleNamespace(
            dataset=types.SimpleNamespace(pipeline=Compose(pipelines[0]))
        )
    )
    run._hooks = [types.SimpleNamespace(switch_pipeline=pipelines[1])]
    return run


PACK = {'type': 'PackPoseInputs'}
PACK_ANGLE = {**PACK, 'meta_keys': ('id', 'bbox_rotation')}
UPRIGHT = {'rotate_factor': 0}


@pytest.mark.parametrize(
    ('run', 'where'),
    [
        (({}, PACK), 'train_dataloader.dataset.pipeline'),
        (({'rotate_factor': 20}, PACK), 'train_dataloader.dataset.pipeline'),
        (({}, PACK_ANGLE, ({}, PACK)), 'switch_pipeline'),
    ],
)
def test_a_teacher_needs_the_angle_of_turned_crops(run, where):
    with pytest.raises(
        ValueError, match=f"{where}: expected .*'bbox_rotation'.*; add"
    ):
        PreflightHook().before_run(turning_run(*run))


@pytest.mark.parametrize(
    'run',
    [
        ({}, PACK_ANGLE),
        (UPRIGHT, PACK),
        ({'rotate_prob': 0}, PACK),
        ({}, PACK, None, False),
    ],
)
def test_upright_crops_and_angles_that_are_known_pass(run):
    PreflightHook().before_run(turning_run(*run))


def test_an_unknown_key_of_the_checkpoint_hook_raises():
    run = runner()
    run._hooks = [CheckpointHook(intervall=2)]
    with pytest.raises(ValueError, match="unknown key 'intervall'"):
        PreflightHook().before_run(run)
