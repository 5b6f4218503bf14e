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
from helpers import CACHEGEN, ROOT, build_estimator, load_config, narrow

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
def drawn(tmp_path_factory):
    root = tmp_path_factory.mktemp('cache') / 'drawn'
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


def run_tool(drawn, arguments, *launcher):
    return subprocess.run(
        [sys.executable, *launcher, *arguments],
        cwd='/',
        capture_output=True,
        text=True,
        env=environment(drawn),
    )


@pytest.fixture(scope='module')
def made(tmp_path_factory, drawn, checkpoint):
    out = tmp_path_factory.mktemp('made') / 'train.npz'
    done = run_tool(drawn, command(checkpoint, out))
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def same_files(out, made):
    for suffix in ('.npz', '.features.npy'):
        one, other = out.with_suffix(suffix), made[0].with_suffix(suffix)
        assert one.read_bytes() == other.read_bytes()
    assert not out.with_name(f'{out.name}.partial').exists()


def persons_of(drawn):
    path = drawn / 'annotations/person_keypoints_train2017.json'
    return path, json.loads(path.read_text())['annotations']


def test_the_cache_holds_every_person_once(made, drawn, checkpoint):
    cache = load_cache(made[0])
    path, persons = persons_of(drawn)
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


def test_the_summary_tells_what_was_made(made):
    for part in ('persons', 'converged', 'trust 0.9 to 1.0', 'per second'):
        assert part in made[1]
    for name in ('loading', 'network', 'teacher'):
        assert f'time {name}' in made[1]


def test_a_killed_run_goes_on_to_the_same_bytes(
    made, tmp_path, drawn, checkpoint
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
        env=environment(drawn),
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
    done = run_tool(drawn, command(checkpoint, out, '--resume'))
    assert done.returncode == 0, done.stderr
    same_files(out, made)


def test_two_processes_make_the_same_bytes(made, tmp_path, drawn, checkpoint):
    out = tmp_path / 'train.npz'
    launcher = ('-m', 'torch.distributed.run', '--standalone')
    done = run_tool(
        drawn, command(checkpoint, out), *launcher, '--nproc_per_node', '2'
    )
    assert done.returncode == 0, done.stderr
    same_files(out, made)


def make_job(drawn, checkpoint, out, **changes):
    config = load_config(CACHEGEN, drawn)
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


def labels_of(job):
    writer = CacheWriter(job)
    list(writer.run())
    return writer.finish()


def test_every_interruption_leads_to_the_same_bytes(
    tmp_path, drawn, checkpoint
):
    job = make_job(drawn, checkpoint, tmp_path / 'a.npz', with_features=True)
    labels_of(job)
    out, pieces = tmp_path / 'b.npz', 0
    again = make_job(drawn, checkpoint, out, with_features=True, resume=True)
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


def test_the_labels_do_not_depend_on_the_batch(tmp_path, drawn, checkpoint):
    one = labels_of(make_job(drawn, checkpoint, tmp_path / 'a.npz'))
    other = labels_of(
        make_job(drawn, checkpoint, tmp_path / 'b.npz', batch_size=3)
    )
    for name, values in one.items():
        np.testing.assert_allclose(values, other[name], atol=2e-3)


def test_the_first_samples_are_those_of_the_whole(
    made, tmp_path, drawn, checkpoint
):
    columns = labels_of(
        make_job(drawn, checkpoint, tmp_path / 'a.npz', max_samples=BATCH)
    )
    whole = load_cache(made[0]).columns
    for name, values in columns.items():
        np.testing.assert_allclose(values, whole[name][:BATCH], atol=1e-5)


def test_duplicate_ids_stop_at_once(tmp_path, drawn, checkpoint):
    root = shutil.copytree(drawn, tmp_path / 'data')
    path, persons = persons_of(root)
    content = json.loads(path.read_text())
    content['annotations'][1]['id'] = persons[0]['id']
    path.write_text(json.dumps(content))
    job = make_job(root, checkpoint, tmp_path / 'a.npz')
    with pytest.raises(ValueError, match=f'id {persons[0]["id"]} 2 times'):
        CacheWriter(job)
    assert os.listdir(tmp_path) == ['data']


def main(*arguments):
    return runpy.run_path(str(TOOL))['main'](list(map(str, arguments)))


@pytest.fixture
def coco_root(drawn, monkeypatch):
    monkeypatch.setenv('COCO_ROOT', str(drawn))
    monkeypatch.setenv('BACKBONE_INIT', 'none')
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_an_existing_cache_is_not_replaced_unless_asked(
    coco_root, made, checkpoint, capsys
):
    before = made[0].read_bytes()
    assert main(*command(checkpoint, made[0])[1:]) == 1
    assert '--force' in capsys.readouterr().err
    assert made[0].read_bytes() == before


def test_wrong_input_is_one_line(coco_root, tmp_path, checkpoint, capsys):
    out = tmp_path / 'a.npz'
    missing = tmp_path / 'none.pth'
    assert main(*command(missing, out)[1:]) == 1
    assert str(missing) in capsys.readouterr().err
    assert main(*command(checkpoint, out, '--alpha', '-1')[1:]) == 1
    assert 'solvability_cfg.alpha' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(*command(checkpoint, out, '--max-samples', '0')[1:])
    with pytest.raises(SystemExit):
        main(*command(checkpoint, tmp_path / 'a.txt')[1:])
    assert os.listdir(tmp_path) == []


def test_a_full_disk_keeps_whole_parts_only(
    coco_root, tiny_disk, made, checkpoint, capsys
):
    out, filler = tiny_disk / 'train.npz', tiny_disk / 'filler'
    filler.write_bytes(bytes(216 * 1024))
    assert main(*command(checkpoint, out)[1:]) == 1
    message = capsys.readouterr().err
    assert 'No space left' in message
    assert '--resume' in message
    assert sorted(os.listdir(tiny_disk)) == ['filler', 'train.npz.partial']
    assert not [n for n in os.listdir(f'{out}.partial') if n[0] == '.']
    filler.unlink()
    assert main(*command(checkpoint, out, '--resume')[1:]) == 0
    same_files(out, made)


def test_the_teacher_takes_the_options_of_the_command_line(
    coco_root, tmp_path, checkpoint
):
    tool = runpy.run_path(str(TOOL))
    options = ('--teacher', 'fk', '--alpha', '4', '--no-use-gt-visible')
    args = tool['parse_arguments'](
        command(checkpoint, tmp_path / 'a.npz', *options)[1:]
    )
    found = tool['read_config'](args).model.solvability_cfg
    expected = SolvabilityOptions(
        enable=True, teacher='fk', alpha=4.0, use_gt_visible=False
    )
    assert SolvabilityOptions(**found) == expected


def test_another_request_does_not_resume(tmp_path, drawn, checkpoint):
    job = make_job(drawn, checkpoint, tmp_path / 'a.npz')
    next(CacheWriter(job).run())
    other = make_job(
        drawn, checkpoint, tmp_path / 'a.npz', batch_size=3, resume=True
    )
    with pytest.raises(ValueError, match='--resume: expected parts'):
        next(CacheWriter(other).run())


def test_a_config_without_a_teacher_is_refused(tmp_path, drawn, checkpoint):
    job = make_job(drawn, checkpoint, tmp_path / 'a.npz')
    job.config.model.solvability_cfg.enable = False
    with pytest.raises(ValueError, match='expected True to make a cache'):
        CacheWriter(job)
