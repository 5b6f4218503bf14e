import dataclasses
import json
import os
import runpy
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from helpers import (
    CACHEGEN,
    ROOT,
    SELFVERIFY,
    build_estimator,
    load_config,
    narrow,
)

from self_verify_pose.datasets.synthetic import make_dataset
from self_verify_pose.datasets.trust_cache.cache_file import load_cache
from self_verify_pose.datasets.trust_cache.feature_file import features_digest
from self_verify_pose.datasets.trust_cache.files import file_sha256
from self_verify_pose.engine.cache_writer import CacheJob, CacheWriter
from self_verify_pose.models.options import SolvabilityOptions

TOOL = ROOT / 'tools' / 'generate_solvability_cache.py'
NARROW = (
    'model.backbone.widen_factor=0.0625',
    'model.backbone.deepen_factor=0.1',
    'model.backbone.norm_cfg.type=BN',
    'model.head.in_channels=64',
)
BATCH = 4


@pytest.fixture(scope='module')
def data_root(tmp_path_factory):
    root = tmp_path_factory.mktemp('cache') / 'data'
    make_dataset(root, train=8, val=2)
    return root


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp('weights') / 'pose.pth'
    state = build_estimator(CACHEGEN).state_dict()
    torch.save({'state_dict': state}, path)
    return path


def command(checkpoint, out, *options):
    config = str(ROOT / CACHEGEN)
    return [
        *(str(TOOL), config, str(checkpoint), '--out', str(out)),
        *('--batch-size', str(BATCH), '--workers', '0', '--with-features'),
        *options,
        *('--cfg-options', *NARROW),
    ]


def environment(root):
    quiet = {'PYTHONWARNINGS': 'ignore', 'BACKBONE_INIT': 'none'}
    return {**os.environ, **quiet, 'COCO_ROOT': str(root)}


def run_tool(data_root, arguments, *launcher):
    return subprocess.run(
        [sys.executable, *launcher, *arguments],
        cwd='/',
        capture_output=True,
        text=True,
        env=environment(data_root),
    )


@pytest.fixture(scope='module')
def made(tmp_path_factory, data_root, checkpoint):
    out = tmp_path_factory.mktemp('made') / 'train.npz'
    done = run_tool(data_root, command(checkpoint, out))
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def same_files(out, made):
    for suffix in ('.npz', '.features.npy'):
        one, other = out.with_suffix(suffix), made[0].with_suffix(suffix)
        assert one.read_bytes() == other.read_bytes()
    assert not out.with_name(f'{out.name}.partial').exists()


def persons_of(data_root):
    path = data_root / 'annotations/person_keypoints_train2017.json'
    return path, json.loads(path.read_text())['annotations']


def test_cache_contains_every_person_once(made, data_root, checkpoint):
    cache = load_cache(made[0])
    path, persons = persons_of(data_root)
    labeled = {p['id'] for p in persons if p['num_keypoints'] > 0}
    assert set(cache.columns['ids'].tolist()) == labeled
    header = cache.header
    assert header.checkpoint_sha256 == file_sha256(checkpoint)
    assert header.annotation_sha256 == file_sha256(path)
    assert header.keypoint_names[0] == 'nose'
    assert header.parameters['alpha'] == SolvabilityOptions().alpha
    assert header.teacher == 'free'
    rows = np.load(made[0].with_suffix('.features.npy'), mmap_mode='r')
    assert rows.dtype == np.float16
    assert features_digest(rows) == header.features


def test_summary_is_printed(made):
    for part in ('persons', 'converged', 'trust 0.9 to 1.0', 'per second'):
        assert part in made[1]
    for name in ('loading', 'network', 'teacher'):
        assert f'time {name}' in made[1]


@pytest.mark.slow
def test_killed_run_resumes_to_the_same_bytes(
    coco_root, made, tmp_path, data_root, checkpoint
):
    out = tmp_path / 'train.npz'
    # a slow disk, so that the kill comes in the middle
    code = (
        'import runpy, sys, time\n'
        'from self_verify_pose.datasets.trust_cache import parts\n'
        'save = parts.CacheParts.save\n'
        'def slow(*given): save(*given); time.sleep(1)\n'
        'parts.CacheParts.save = slow\n'
        'sys.argv = sys.argv[1:]\n'
        'runpy.run_path(sys.argv[0], run_name="__main__")'
    )
    arguments = command(checkpoint, out)
    process = subprocess.Popen(
        [sys.executable, '-c', code, *arguments],
        cwd='/',
        env=environment(data_root),
        stdout=subprocess.DEVNULL,
    )
    folder = tmp_path / 'train.npz.partial'
    limit = time.monotonic() + 120
    while not (folder / '000001.npz').exists():
        assert process.poll() is None
        assert time.monotonic() < limit
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert os.listdir(tmp_path) == [folder.name]
    finished = len(list(folder.glob('0*.npz')))
    assert 2 <= finished < len(load_cache(made[0])) / BATCH
    assert main(*command(checkpoint, out, '--resume')[1:]) == 0
    same_files(out, made)


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(
    made, tmp_path, data_root, checkpoint
):
    out = tmp_path / 'train.npz'
    launcher = ('-m', 'torch.distributed.run', '--standalone')
    done = run_tool(
        data_root, command(checkpoint, out), *launcher, '--nproc_per_node', '2'
    )
    assert done.returncode == 0, done.stderr
    same_files(out, made)


def make_job(data_root, checkpoint, out, **changes):
    config = load_config(CACHEGEN, data_root)
    narrow(config.model)
    given = {'batch_size': BATCH, 'workers': 0, **changes}
    return CacheJob(
        config=config,
        checkpoint=str(checkpoint),
        split='train',
        out=out,
        device=torch.device('cpu'),
        **given,
    )


def columns_of(job):
    writer = CacheWriter(job)
    list(writer.run())
    return writer.finish()


def test_every_interruption_resumes_to_the_same_bytes(
    tmp_path, data_root, checkpoint
):
    job = make_job(
        data_root, checkpoint, tmp_path / 'a.npz', with_features=True
    )
    columns_of(job)
    out, pieces = tmp_path / 'b.npz', 0
    again = make_job(
        data_root, checkpoint, out, with_features=True, resume=True
    )
    while not out.exists():
        writer = CacheWriter(again)
        for done, _ in enumerate(writer.run()):
            if done == pieces:
                break  # one part more in every run
        else:
            writer.finish()
        pieces += 1
    assert pieces > 2
    same_files(out, (job.out,))


def test_targets_do_not_depend_on_the_batch_size(
    tmp_path, data_root, checkpoint
):
    one = columns_of(make_job(data_root, checkpoint, tmp_path / 'a.npz'))
    other = columns_of(
        make_job(data_root, checkpoint, tmp_path / 'b.npz', batch_size=3)
    )
    for name, values in one.items():
        np.testing.assert_allclose(values, other[name], atol=2e-3)


def test_max_samples_takes_the_first_samples(
    made, tmp_path, data_root, checkpoint
):
    columns = columns_of(
        make_job(data_root, checkpoint, tmp_path / 'a.npz', max_samples=BATCH)
    )
    whole = load_cache(made[0]).columns
    for name, values in columns.items():
        np.testing.assert_allclose(values, whole[name][:BATCH], atol=1e-5)


def test_duplicate_ids_raise_before_any_work(tmp_path, data_root, checkpoint):
    root = shutil.copytree(data_root, tmp_path / 'data')
    path, persons = persons_of(root)
    content = json.loads(path.read_text())
    content['annotations'][1]['id'] = persons[0]['id']
    path.write_text(json.dumps(content))
    job = make_job(root, checkpoint, tmp_path / 'a.npz')
    with pytest.raises(ValueError, match=f'first {persons[0]["id"]}, 2 times'):
        CacheWriter(job)
    assert os.listdir(tmp_path) == ['data']


def main(*arguments):
    return runpy.run_path(str(TOOL))['main'](list(map(str, arguments)))


@pytest.fixture
def coco_root(data_root, monkeypatch):
    monkeypatch.setenv('COCO_ROOT', str(data_root))
    monkeypatch.setenv('BACKBONE_INIT', 'none')
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_existing_cache_is_not_replaced_without_force(
    coco_root, made, checkpoint, capsys
):
    before = made[0].read_bytes()
    assert main(*command(checkpoint, made[0])[1:]) == 2
    assert '--force' in capsys.readouterr().err
    assert made[0].read_bytes() == before


def test_wrong_input_is_reported(coco_root, tmp_path, checkpoint, capsys):
    out = tmp_path / 'a.npz'
    missing = tmp_path / 'none.pth'
    assert main(*command(missing, out)[1:]) == 2
    assert str(missing) in capsys.readouterr().err
    assert main(*command(checkpoint, out, '--alpha', '-1')[1:]) == 2
    assert 'solvability_cfg.alpha' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(*command(checkpoint, out, '--max-samples', '0')[1:])
    with pytest.raises(SystemExit):
        main(*command(checkpoint, tmp_path / 'a.txt')[1:])
    assert os.listdir(tmp_path) == []


def test_full_disk_keeps_complete_parts_only(
    coco_root, tiny_disk, made, checkpoint, capsys
):
    out, filler = tiny_disk / 'train.npz', tiny_disk / 'filler'
    filler.write_bytes(bytes(216 * 1024))
    assert main(*command(checkpoint, out)[1:]) == 2
    message = capsys.readouterr().err
    assert 'No space left' in message
    assert '--resume' in message
    assert sorted(os.listdir(tiny_disk)) == ['filler', 'train.npz.partial']
    assert not [n for n in os.listdir(f'{out}.partial') if n[0] == '.']
    filler.unlink()
    assert main(*command(checkpoint, out, '--resume')[1:]) == 0
    same_files(out, made)


def test_command_line_options_override_those_of_the_config(
    coco_root, tmp_path, checkpoint
):
    out = tmp_path / 'a.npz'
    options = ('--teacher', 'fk', '--alpha', '4', '--no-use-gt-visible')
    options += ('--iterations', '2', '--max-samples', '2')
    assert main(*command(checkpoint, out, *options)[1:]) == 0
    header = load_cache(out).header
    expected = dataclasses.asdict(
        SolvabilityOptions(alpha=4.0, use_gt_visible=False, iterations=2)
    )
    assert header.teacher == 'fk'
    for name, value in header.parameters.items():
        assert value == expected[name], name


def test_resume_with_other_options_raises(tmp_path, data_root, checkpoint):
    job = make_job(data_root, checkpoint, tmp_path / 'a.npz')
    next(CacheWriter(job).run())
    other = make_job(
        data_root, checkpoint, tmp_path / 'a.npz', batch_size=3, resume=True
    )
    with pytest.raises(ValueError, match='--resume: expected parts'):
        next(CacheWriter(other).run())


def test_config_without_a_teacher_raises(tmp_path, data_root, checkpoint):
    job = make_job(data_root, checkpoint, tmp_path / 'a.npz')
    job.config.model.solvability_cfg.enable = False
    with pytest.raises(ValueError, match='expected True to make a cache'):
        CacheWriter(job)


def test_a_plain_config_of_mmpose_raises(tmp_path, data_root, checkpoint):
    job = make_job(data_root, checkpoint, tmp_path / 'a.npz')
    job.config.model.type = 'TopdownPoseEstimator'
    with pytest.raises(ValueError, match=r'SelfVerifyTopdown.*docs/offline'):
        CacheWriter(job)


def test_any_config_with_a_trust_head_gives_the_same_targets(
    coco_root, made, tmp_path, checkpoint
):
    arguments = command(checkpoint, tmp_path / 'a.npz')[1:]
    arguments[0] = str(ROOT / SELFVERIFY)  # augmented crops, no teacher
    assert main(*arguments) == 0
    columns = load_cache(tmp_path / 'a.npz').columns
    for name, values in load_cache(made[0]).columns.items():
        np.testing.assert_array_equal(columns[name], values)
