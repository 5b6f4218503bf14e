"""Outputs, caches, data and checkpoints belong to the working directory."""

import pytest
from helpers import ROOT, load_config
from script_runs import Stubbed

RUNS = 'work_dirs/self_verify_pose'
OFFICIAL = 'checkpoints/rtmpose-s_simcc-coco_256x192.pth'


@pytest.fixture
def stubbed(tmp_path):
    return Stubbed(tmp_path)


def test_the_commands_of_the_client_work_as_written(stubbed):
    assert stubbed.run('run_train_selfverify.sh')[0] == 0
    checkpoint = f'{RUNS}/selfverify_cycle/latest.pth'
    assert (stubbed.root / checkpoint).exists()
    code, _, errors = stubbed.run('run_test_selfverify.sh', checkpoint)
    assert code == 0, errors
    test = [job for job in stubbed.ran() if job.startswith('run_mim.py test')]
    assert f'--checkpoint {stubbed.root / checkpoint}' in test[0]

    code, _, errors = stubbed.run('run_offline_cached_trusthead.sh')
    assert code == 2
    assert 'mim download mmpose --config rtmpose-s_8xb256-420e' in errors
    (stubbed.root / 'checkpoints').mkdir()
    (stubbed.root / OFFICIAL).touch()
    data = {'COCO_ROOT': '.'}
    code, _, errors = stubbed.run('run_offline_cached_trusthead.sh', **data)
    assert code == 0, errors
    assert (stubbed.root / RUNS / 'cache' / 'train_sol.npz').exists()
    train = [job for job in stubbed.ran() if 'offline_cached_trust' in job]
    assert train[0].endswith(f'| {stubbed.root} | {stubbed.root / OFFICIAL}')


def test_scripts_and_configs_agree_on_default_folders(monkeypatch):
    monkeypatch.delenv('POSE_CKPT', raising=False)
    name = 'rtmpose_s_1x32g_coco-256x192.py'
    train = load_config(f'configs/selfverify_cycle_{name}')
    assert train.work_dir == f'{RUNS}/selfverify_cycle'
    assert train.train_dataloader.dataset.data_root == 'data/coco/'
    cached = load_config(f'configs/solvability_cached_trusthead_{name}')
    assert cached.work_dir == f'{RUNS}/offline_cached_trusthead'
    assert cached.load_from == OFFICIAL
    load = cached.train_dataloader.dataset.pipeline[-2]
    assert load.path == f'{RUNS}/cache/train_sol.npz'


def test_the_quick_profile_says_so_in_its_result(stubbed):
    code, output, _ = stubbed.run('run_train_selfverify.sh')
    assert code == 0
    assert '== result on synthetic images' in output
    warm, main = (job for job in stubbed.ran() if 'run_mim' in job)
    work = stubbed.root / RUNS / 'selfverify_cycle'
    assert f'--work-dir {work}/warmup |' in warm
    assert main.endswith(f'| {work}/warmup/latest.pth')


def test_coco_at_its_default_place_is_used(stubbed):
    coco = stubbed.root / 'data' / 'coco'
    coco.mkdir(parents=True)
    code, output, _ = stubbed.run('run_train_selfverify.sh')
    assert code == 0
    assert '== result on COCO' in output
    (train,) = (job for job in stubbed.ran() if 'run_mim' in job)
    assert f'| {coco} |' in train
    assert not any('make_synthetic_coco' in job for job in stubbed.ran())


@pytest.mark.parametrize('script', ['test_selfverify', 'offline_cached_trust'])
def test_other_scripts_draw_images_only_where_asked(script, stubbed):
    (name,) = (
        path.name
        for path in ROOT.glob(f'run_{script}*.sh')
        if path.stem.endswith(('selfverify', 'trusthead'))
    )
    checkpoint = stubbed.root / 'pose.pth'
    checkpoint.touch()
    code, output, errors = stubbed.run(name, str(checkpoint))
    assert code == 2
    assert 'expected COCO in data/coco/' in errors
    assert 'set COCO_ROOT, or SYNTHETIC=1' in errors
    assert not stubbed.ran()
    code, output, _ = stubbed.run(name, str(checkpoint), SYNTHETIC='1')
    assert code == 0
    assert '== result on synthetic images' in output


def test_a_checkpoint_of_the_quick_profile_is_tested_on_its_data(stubbed):
    work = stubbed.root / 'work'
    work.mkdir()
    for name in (
        'latest.pth',
        'selfverify_cycle_rtmpose_synthetic-256x192.py',
    ):
        (work / name).touch()
    (stubbed.root / 'data' / 'coco').mkdir(parents=True)
    code, output, errors = stubbed.run('run_test_selfverify.sh', 'work')
    assert code == 0, errors
    assert '== result on synthetic images' in output


@pytest.mark.parametrize('given', ['', '0', '1'])
def test_fast_is_tried_where_it_was_not_given(stubbed, given):
    (stubbed.root / 'data' / 'coco').mkdir(parents=True)
    code = stubbed.run('run_train_selfverify.sh', FAST=given)[0]
    assert code == 0
    tried = [job for job in stubbed.ran() if 'choose_fast' in job]
    assert len(tried) == (given == '')
    assert all('selfverify_cycle_rtmpose_s' in job for job in tried)
    (train,) = (job for job in stubbed.ran() if 'run_mim.py train' in job)
    assert f'| FAST={given or 1} |' in train
