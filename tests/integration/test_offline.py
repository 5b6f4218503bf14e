"""From a trained pose checkpoint to a trust head, on cached labels."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from helpers import CACHED, CACHEGEN, ROOT, shared_path
from integration_runs import mim

from self_verify_pose.datasets.trust_cache.cache_file import load_cache

PERSONS = '32'
SHORT = (
    'train_cfg.max_epochs=2',
    'train_dataloader.batch_size=8',
    'val_dataloader.dataset.indices=8',
    'val_dataloader.num_workers=0',
    'val_dataloader.persistent_workers=False',
    'default_hooks.logger.interval=2',
)
# a training that only has to end
FAST = (
    'train_cfg.max_epochs=1',
    'train_dataloader.dataset.indices=16',
    'val_dataloader.dataset.indices=4',
)
ONE_PROCESS = (
    'train_dataloader.num_workers=0',
    'train_dataloader.persistent_workers=False',
)


def environment(root):
    return {
        **os.environ,
        'PYTHONWARNINGS': 'ignore',
        'BACKBONE_INIT': 'none',
        'COCO_ROOT': str(root),
        'OMP_NUM_THREADS': '1',
        'PYTHON': sys.executable,
    }


def generate(out, root, checkpoint, *options, config=ROOT / CACHEGEN):
    tool = ROOT / 'tools' / 'generate_solvability_cache.py'
    return subprocess.run(
        [
            *(sys.executable, str(tool), str(config), str(checkpoint)),
            *('--out', str(out), '--max-samples', PERSONS, *options),
        ],
        cwd='/',
        capture_output=True,
        text=True,
        env=environment(root),
    )


@pytest.fixture(scope='module')
def cache(tmp_path_factory, coco_mini, plain_checkpoint):
    out = tmp_path_factory.mktemp('cache') / 'train.npz'
    done = generate(out, coco_mini, plain_checkpoint, '--with-features')
    assert done.returncode == 0, done.stderr
    return out


def train(
    folder,
    cache,
    root,
    checkpoint,
    *options,
    config=ROOT / CACHED,
    check=True,
    **variables,
):
    return mim(
        'train',
        str(config),
        '--work-dir',
        str(folder),
        '--cfg-options',
        *SHORT,
        *options,
        cwd='/',
        check=check,
        **{
            **environment(root),
            'POSE_CKPT': str(checkpoint),
            'PSEUDO_TRUST_CACHE': str(cache),
            'MAX_SAMPLES': PERSONS,
            **variables,
        },
    )


def records(folder):
    (log,) = folder.glob('*/vis_data/scalars.json')
    return [json.loads(line) for line in log.read_text().splitlines()]


def weights(folder):
    return torch.load(
        folder / 'latest.pth', weights_only=True, map_location='cpu'
    )['state_dict']


@pytest.fixture(scope='module')
def trained(tmp_path_factory, cache, coco_mini, plain_checkpoint):
    folder = tmp_path_factory.mktemp('trained')
    train(folder, cache, coco_mini, plain_checkpoint, *ONE_PROCESS)
    return folder


def test_only_the_trust_head_changes(trained, plain_checkpoint):
    before = torch.load(plain_checkpoint, weights_only=True)['state_dict']
    after = weights(trained)
    pose = {k: v for k, v in after.items() if not k.startswith('trust_head.')}
    assert pose.keys() == before.keys()
    assert any('running_var' in name for name in pose)
    for name, values in pose.items():
        assert torch.equal(values, before[name].to(values)), name
    assert len(after) > len(pose)


def test_no_pose_loss_and_a_head_that_learns(trained):
    logged = [r for r in records(trained) if 'loss' in r]
    assert len(logged) == 4
    for record in logged:
        assert record['loss'] == record['loss_trust']
        assert 'loss_kpt' not in record
    assert not list(trained.glob('best_*'))  # the validation selects nothing
    assert (trained / 'latest.pth').exists()


@pytest.mark.slow
def test_features_reach_the_same_figures_much_faster(
    trained, tmp_path, cache, coco_mini, plain_checkpoint
):
    features = cache.with_suffix('.features.npy')
    train(
        tmp_path,
        cache,
        coco_mini,
        plain_checkpoint,
        PSEUDO_TRUST_FEATURES=str(features),
    )
    one, other = records(trained), records(tmp_path)
    assert len(one) == len(other)
    for name, value in one[-1].items():
        if name.startswith(('trust/', 'coco/', 'score/')):
            assert other[-1][name] == pytest.approx(value, abs=2e-3), name
    # means over the last steps of an epoch; the first epoch warms up
    slow, fast = (
        [r['time'] for r in x if 'loss' in r][-1] for x in (one, other)
    )
    assert slow > 20 * fast


@pytest.mark.slow
def test_a_cache_of_another_checkpoint_is_refused(
    tmp_path, cache, coco_mini, trained
):
    done = train(
        tmp_path, cache, coco_mini, trained / 'latest.pth', check=False
    )
    assert done.returncode != 0
    assert 'Epoch(train)' not in done.stdout
    (message,) = [x for x in done.stderr.splitlines() if 'expected' in x]
    assert 'pose checkpoint (SHA-256)' in message
    assert load_cache(cache).header.checkpoint_sha256 in message


ZOO = ROOT / 'configs' / 'zoo'
ZOO_BASE = 'mmpose::.*/td-hm_hrnet-w32_udp.*py'


@pytest.mark.slow
def test_a_heatmap_model_needs_another_base_only(
    tmp_path, coco_mini, monkeypatch
):
    pose = shared_path('checkpoints', 'ultralight_simplepose')
    given = os.environ.get('PYTHONPATH', '')
    monkeypatch.setenv('PYTHONPATH', f'{pose}{os.pathsep}{given}')
    for kind in ('trust', 'cached'):
        name = f'{kind}_hrnet-w32-udp_coco-256x192.py'
        text = (ZOO / name).read_text().replace('..', str(ROOT / 'configs'))
        text = re.sub(ZOO_BASE, str(pose / 'simplepose_coco.py'), text)
        (tmp_path / name).write_text(
            f"{text}\ncustom_imports = dict(imports=['ultralight_simplepose', "
            "'self_verify_pose.engine.registration'])\n"
        )
    out, weights = tmp_path / 'a.npz', next(pose.glob('*.pth'))
    trust = tmp_path / 'trust_hrnet-w32-udp_coco-256x192.py'
    done = generate(out, coco_mini, weights, '--with-features', config=trust)
    assert done.returncode == 0, done.stderr[-2000:]
    train(
        tmp_path / 'work',
        out,
        coco_mini,
        weights,
        config=tmp_path / name,
        PSEUDO_TRUST_FEATURES=str(out.with_suffix('.features.npy')),
    )
    last = records(tmp_path / 'work')[-1]
    assert last['trust/AUROC'] > 0.6
    assert last['score/AUROC'] > 0.8  # the pose network is the trained one


def run_script(name, root, folder, *arguments, options=(), **variables):
    return subprocess.run(
        [
            *('bash', str(ROOT / name), *arguments),
            *('--cfg-options', *SHORT, *ONE_PROCESS, *options),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=900,
        env={
            **environment(root),
            'MAX_SAMPLES': PERSONS,
            'CACHE_DIR': 'cache',
            'WORK_DIR': 'work',
            **variables,
        },
    )


@pytest.mark.slow
def test_the_script_does_the_two_steps(
    trained, tmp_path, cache, coco_mini, plain_checkpoint
):
    script = 'run_offline_cached_trusthead.sh'
    done = run_script(script, coco_mini, tmp_path, str(plain_checkpoint))
    assert done.returncode == 0, done.stderr[-2000:]
    made = tmp_path / 'cache' / f'train_sol_{PERSONS}.npz'
    for name, values in load_cache(cache).columns.items():
        np.testing.assert_array_equal(load_cache(made).columns[name], values)
    mine, theirs = weights(trained), weights(tmp_path / 'work')
    for name, values in mine.items():
        torch.testing.assert_close(theirs[name], values, atol=1e-5, rtol=1e-4)

    before = made.stat().st_mtime_ns
    for force, kept in (('0', True), ('1', False)):
        done = run_script(
            script,
            coco_mini,
            tmp_path,
            options=FAST,
            POSE_CKPT=str(plain_checkpoint),
            FORCE_CACHE=force,
            WORK_DIR=f'again{force}',
        )
        assert done.returncode == 0, done.stderr[-2000:]
        assert (made.stat().st_mtime_ns == before) == kept
        assert ('made before' in done.stdout) == kept


@pytest.mark.slow
def test_the_chain_has_a_cache_of_its_own(
    tmp_path, coco_mini, plain_checkpoint
):
    pytest.importorskip('pytorch_kinematics')
    done = run_script(
        'run_offline_cached_trusthead_fk.sh',
        coco_mini,
        tmp_path,
        str(plain_checkpoint),
        options=FAST,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    made = load_cache(tmp_path / 'cache' / f'train_sol_fk_{PERSONS}.npz')
    assert made.header.teacher == 'fk'


@pytest.mark.parametrize(
    ('variables', 'part'),
    [
        ({'POSE_CKPT': '/nowhere/pose.pth'}, '/nowhere/pose.pth'),
        ({'FORCE_CACHE': 'yes'}, "found 'yes'"),
        ({'MAX_SAMPLES': 'few'}, "found 'few'"),
        ({'TEACHER': 'magic'}, "found 'magic'"),
    ],
)
def test_wrong_settings_stop_the_script(variables, part, tmp_path, data_root):
    done = run_script(
        'run_offline_cached_trusthead.sh', data_root, tmp_path, **variables
    )
    assert done.returncode == 2
    assert part in done.stderr


@pytest.mark.parametrize(
    ('kind', 'switch'), [('fk', 'TEACHER=fk'), ('wandb', 'USE_WANDB=1')]
)
def test_the_three_scripts_are_one(kind, switch):
    name = 'run_offline_cached_trusthead'
    text = (ROOT / f'{name}_{kind}.sh').read_text()
    (line,) = [x for x in text.splitlines() if not x.startswith('#')]
    assert line.startswith(f'{switch} exec bash')
    assert f'{name}.sh' in line
