"""The code blocks of the documents run as they are written.

Trainings and tests are shortened (tests/document_runs.py); data, weights and
results are small files of the names that the documents use. By default the
pages run that take minutes; DOCUMENTS=README.md, or all, runs others.
"""

import os
import re
import shutil
from pathlib import Path

import pytest
import torch
from document_blocks import PAGES, read_blocks, ways
from document_materials import write_materials
from document_runs import (
    commands_of,
    make_root,
    run_page,
    script_of,
)
from helpers import ROOT, build_estimator

STUDY = 'a measurement of hours on the data sets that it names'
ENVIRONMENT = 'changes the environment; see tests/tools/test_setup_env.py'
NETWORK = 'needs the network'
SLURM = 'needs Slurm; its words are checked'
CHECKOUT = 'a script of an MMPose checkout; its words are checked'
DETECTOR = 'downloads a detector; see tests/demo'
WHEEL = 'needs an installed wheel; see test_installed_wheel.py'
SETS = 'needs OCHuman or Human-Art; see tests/configs/test_evaluation_sets.py'
ENDLESS = 'runs until it is stopped'
# page and start of a command: why it is not run
NOT_RUN = {
    ('README.md', 'bash tests/run.sh'): 'runs these tests',
    ('README.md', 'bash $P/tools/setup_env.sh'): ENVIRONMENT,
    ('CONTRIBUTING.md', 'make '): 'sets up, formats and tests this repository',
    ('docs/decisions.md', 'pip install'): ENVIRONMENT,
    ('docs/decisions.md', 'python -m self_verify_pose.tools.study'): STUDY,
    ('docs/decisions.md', 'python tools/study'): STUDY,
    ('docs/deployment.md', 'python demo/trust_demo.py'): DETECTOR,
    ('docs/deployment.md', 'from self_verify_pose.apis import Tr'): DETECTOR,
    ('docs/deployment.md', 'import self_verify_pose.registry'): WHEEL,
    ('docs/deployment.md', 'mim '): WHEEL,
    ('docs/deployment.md', 'self-verify-pose '): WHEEL,
    ('docs/deployment.md', 'pip install'): ENVIRONMENT,
    ('docs/deployment.md', 'from rtmlib'): 'see test_rtmlib_file.py',
    ('docs/evaluation.md', 'export OCHUMAN_ROOT'): SETS,
    ('docs/evaluation.md', 'TRUST_CONFIG='): SETS,
    ('docs/metrics_guide.md', 'tail -f'): ENDLESS,
    ('docs/metrics_guide.md', 'tensorboard '): ENDLESS,
    ('docs/metrics_guide.md', 'ssh '): NETWORK,
    ('docs/metrics_guide.md', 'wandb '): NETWORK,
    ('docs/metrics_guide.md', 'USE_WANDB=1 WANDB_MODE=online'): NETWORK,
    ('docs/performance.md', 'python tools/benchmark'): (
        'measures for minutes; see tests/tools/benchmark'
    ),
    ('docs/performance.md', 'python -m self_verify_pose.tools.benchmark.w'): (
        'reads what the benchmark has written'
    ),
    ('docs/performance.md', 'python -m self_verify_pose.tools.study'): STUDY,
    ('docs/protocol.md', ''): SETS,
    ('docs/results.md', 'python -m self_verify_pose.tools.study'): STUDY,
    ('docs/results.md', 'python tools/compare_trust.py'): STUDY,
    ('docs/training.md', 'bash tools/dist_train.sh'): CHECKOUT,
    ('docs/training.md', 'GPUS=8 bash tools/slurm_train.sh'): SLURM,
    (
        'docs/training.md',
        'COCO_ROOT=/data/coco mim train mmpose configs/'
        'selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py --launcher slurm',
    ): SLURM,
    ('docs/training.md', 'mim download'): NETWORK,
    ('docs/training.md', 'mv checkpoints'): NETWORK,
    ('docs/training.md', 'mim train mmpose CONFIG --cfg-options train_d'): (
        'trains in float16, which needs a GPU'
    ),
    ('docs/troubleshooting.md', 'bash tools/setup_env.sh'): ENVIRONMENT,
    ('docs/troubleshooting.md', 'pip install'): ENVIRONMENT,
    ('docs/troubleshooting.md', 'wandb sync'): NETWORK,
}
PERSONS = """
import numpy as np
rng = np.random.default_rng(0)
image_ids = np.repeat(np.arange(60), 2)
keypoints = rng.uniform(0, 100, (120, 17, 2))
scores = rng.random((120, 17))
boxes = np.tile([0.0, 0, 100, 100], (120, 1))
correct = rng.random((120, 17)) < scores
labeled = np.ones((120, 17), bool)
"""
VIDEO = """
import numpy as np
rng = np.random.default_rng(0)
keypoints, trust = rng.uniform(0, 100, (12, 17, 2)), rng.random((12, 17))
frame_boxes = [np.array([[0.0, 0, 100, 100]])] * 12
frame_keypoints, frame_trust = list(keypoints[:, None]), list(trust[:, None])
"""
PRELUDES = {
    (
        'docs/decisions.md',
        'from self_verify_pose.engine.posthoc import',
    ): PERSONS,
    (
        'docs/decisions.md',
        'from self_verify_pose.apis import smooth_poses',
    ): VIDEO,
}
# the pages of minutes; DOCUMENTS names others, or all
QUICK = 'docs/decisions.md docs/deployment.md docs/solvability.md'
CHOSEN = os.environ.get('DOCUMENTS', QUICK)
RUN = [
    (page, way)
    for page in (PAGES if CHOSEN == 'all' else CHOSEN.split())
    for way in ways(page)
]


@pytest.mark.parametrize(('page', 'start'), NOT_RUN)
def test_what_is_not_run_is_in_the_page(page, start):
    lines = [
        line
        for block in read_blocks(page)
        for line in (
            commands_of(block)
            if block.kind == 'bash'
            else block.text.splitlines()[:1]
        )
    ]
    assert any(line.startswith(start) for line in lines)


@pytest.fixture(scope='session')
def materials(tmp_path_factory):
    """Return the files that the documents take for given, to read only."""
    if not (ROOT / '.setup_env' / 'ready').exists():
        pytest.skip('needs the set-up: bash tools/setup_env.sh --dev')
    return write_materials(tmp_path_factory.mktemp('materials'))


@pytest.fixture(scope='session')
def work_dir(tmp_path_factory, materials):
    """Return the work directory of a training, with its warm-up."""
    root = make_root(tmp_path_factory.mktemp('work') / 'root', materials)
    run_page(root, 'WORK_DIR=work bash run_train_selfverify.sh', 900)
    shutil.copytree(root / 'work', root / 'warmup')
    return Path(shutil.move(root / 'warmup', root / 'work')).parent


@pytest.mark.slow
@pytest.mark.parametrize(('page', 'way'), RUN)
def test_commands_run(page, way, tmp_path, materials, request):
    root = make_root(tmp_path / 'root', materials, way)
    script = script_of(page, way, NOT_RUN, PRELUDES)
    if page == 'docs/evaluation.md':  # takes the first command as done
        best = 'work_dirs/self_verify_pose/selfverify_cycle'
        (root / best).mkdir(parents=True)
        quick = 'configs/quick/selfverify_cycle_rtmpose_synthetic-256x192.py'
        state = {'state_dict': build_estimator(quick, False).state_dict()}
        torch.save(state, root / best / 'best_coco_AP_epoch_4.pth')
        script = f'export COCO_ROOT=data/coco\n{script}'
    if re.search(r' work\b(?!_)', script):
        run = request.getfixturevalue('work_dir')
        shutil.copytree(run, root / 'work', symlinks=True)
    printed = run_page(root, script, 3600)
    assert 'Traceback' not in printed
