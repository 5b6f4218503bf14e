import json
import subprocess
import sys
from pathlib import Path

import mmpose
import pytest
import torch
from guide_tables import GUIDES, described, read
from helpers import BASELINE, NARROW, ROOT, SELFVERIFY, SOLVABILITY
from integration_runs import LOGGED, SHORT, SHORT_TEST, TRUST, mim, scalars

from self_verify_pose.engine.evaluation_input import read_evaluation_input
from self_verify_pose.metrics.evaluation.io.reading import SIMCC_SCORES
from self_verify_pose.metrics.evaluation.statistics.evaluate import (
    METRICS,
    evaluate_scores,
)


def read_test(work_dir: Path) -> dict:
    (log,) = work_dir.glob('*/????????_??????.json')
    return json.loads(log.read_text())


def run_test(config, checkpoint, folder, data_root, *options):
    mim(
        'test',
        str(ROOT / config),
        '--checkpoint',
        str(checkpoint),
        '--work-dir',
        str(folder),
        '--dump',
        str(folder / 'preds.pkl'),
        '--cfg-options',
        *SHORT_TEST,
        *options,
        cwd=folder,
        COCO_ROOT=str(data_root),
    )
    return read_test(folder)


def check_files(work_dir):
    assert (work_dir / 'latest.pth').resolve().name == 'epoch_2.pth'
    assert list(work_dir.glob('best_coco_AP_epoch_*.pth'))


def test_the_baseline_trains(baseline_run):
    records = scalars(baseline_run.work_dir)
    assert sum('coco/AP' in r for r in records) == 2
    assert all(f'score/{name}' in records[-1] for name in TRUST)
    check_files(baseline_run.work_dir)


@pytest.mark.slow
def test_the_baseline_is_tested(baseline_run, tmp_path, data_root):
    records = scalars(baseline_run.work_dir)
    metrics = run_test(
        BASELINE,
        baseline_run.work_dir / 'latest.pth',
        tmp_path,
        data_root,
        *NARROW,
    )
    # the last validation and the test are the same computation
    assert metrics['score/AUROC'] == pytest.approx(
        records[-1]['score/AUROC'], nan_ok=True
    )


def test_self_verify_trains_and_tests(selfverify_run, tmp_path, data_root):
    records = scalars(selfverify_run.work_dir)
    trained = [r for r in records if 'loss' in r]
    assert len(trained) == 4
    for name in LOGGED:
        assert all(r[name] >= 0 for r in trained), name
    parts = ('loss_kpt', 'loss_consistency_rot', 'loss_trust')
    for record in trained:
        total = sum(record[part] for part in parts)
        assert record['loss'] == pytest.approx(total, rel=1e-4)
    for prefix in ('trust', 'score'):
        assert all(f'{prefix}/{name}' in records[-1] for name in TRUST)
    check_files(selfverify_run.work_dir)
    metrics = run_test(
        SELFVERIFY,
        selfverify_run.work_dir / 'latest.pth',
        tmp_path,
        data_root,
        'model.test_cfg.extra_scores=True',
    )
    for name in ('trust/ECE', 'trust/Brier', 'score/Brier'):
        assert metrics[name] == pytest.approx(records[-1][name], rel=1e-4)
    # the report on the dump is the same computation too
    evaluated = evaluate_scores(read_evaluation_input(tmp_path / 'preds.pkl'))
    assert set(SIMCC_SCORES) < set(evaluated.scorers)
    fields = {'trust': 'keypoint_trust', 'score': 'keypoint_scores'}
    for prefix, field in fields.items():
        figures = evaluated.scorers[field]
        for name in set(TRUST) & set(METRICS):
            assert figures[name].value == pytest.approx(
                metrics[f'{prefix}/{name}'], rel=1e-5, nan_ok=True
            )
    # a test tells the backends, too, and leaves a panel
    (logged,) = scalars(tmp_path)
    assert logged['trust/ECE'] == pytest.approx(metrics['trust/ECE'])
    assert len(list(tmp_path.glob('**/vis_image/trust_panel_0.png'))) == 1


def test_the_curves_tool_of_mmpose_reads_the_logs(selfverify_run, tmp_path):
    tool = (
        Path(mmpose.__file__).parent
        / '.mim/tools/analysis_tools/analyze_logs.py'
    )
    (log,) = selfverify_run.work_dir.glob('*/vis_data/scalars.json')
    out = tmp_path / 'curves.png'
    command = [sys.executable, str(tool), 'plot_curve', str(log), '--keys']
    subprocess.run(
        [*command, *LOGGED, '--out', str(out)], check=True, cwd=tmp_path
    )
    assert out.stat().st_size > 5000


@pytest.mark.parametrize('guide', GUIDES)
def test_a_guide_describes_what_runs_log(guide, selfverify_run, baseline_run):
    runs = (selfverify_run, baseline_run)
    names = {key for run in runs for r in scalars(run.work_dir) for key in r}
    assert {'coco/AP', 'trust/AUGRC', 'acc_pose', 'lr'} <= names
    assert names <= described(read(guide))


@pytest.mark.parametrize(
    'installed', [True, pytest.param(False, marks=pytest.mark.slow)]
)
def test_it_runs_inside_an_mmpose_checkout(tmp_path, data_root, installed):
    """Linked as projects/self_verify_pose, from that checkout's root."""
    package = Path(mmpose.__file__).parent
    (tmp_path / 'mmpose').symlink_to(package)
    (tmp_path / 'projects').mkdir()
    (tmp_path / 'projects/self_verify_pose').symlink_to(ROOT)
    environment = {'COCO_ROOT': str(data_root)}
    if not installed:
        environment['PYTHONPATH'] = str(tmp_path / 'projects')
    done = mim(
        'train',
        f'projects/self_verify_pose/{SELFVERIFY}',
        '--cfg-options',
        *SHORT,
        'train_cfg.max_epochs=1',
        'train_dataloader.dataset.indices=4',
        'train_dataloader.batch_size=4',
        'val_dataloader.dataset.indices=2',
        *NARROW,
        cwd=tmp_path,
        **environment,
    )
    assert 'Training finished successfully' in done.stdout
    assert 'already registered' not in done.stdout + done.stderr
    run = tmp_path / 'work_dirs' / 'self_verify_pose' / 'selfverify_cycle'
    assert (run / 'epoch_1.pth').exists()


@pytest.mark.slow
@pytest.mark.parametrize('config', [SELFVERIFY, BASELINE])
def test_the_given_checkpoint_reaches_its_figures(
    config, tmp_path, coco_mini, plain_checkpoint
):
    done = mim(
        'test',
        str(ROOT / config),
        '--checkpoint',
        str(plain_checkpoint),
        '--work-dir',
        str(tmp_path),
        '--cfg-options',
        'test_dataloader.num_workers=0',
        'test_dataloader.persistent_workers=False',
        cwd='/',
        COCO_ROOT=str(coco_mini),
    )
    metrics = read_test(tmp_path)
    assert metrics['coco/AP'] == pytest.approx(0.054, abs=0.001)
    assert metrics['coco/AP .5'] == pytest.approx(0.208, abs=0.001)
    warning = 'The checkpoint holds no trust head'
    output = done.stdout + done.stderr
    assert output.count(warning) == (1 if config == SELFVERIFY else 0)


@pytest.mark.parametrize(
    ('teacher', 'source'),
    [
        pytest.param('fk', 'unified', marks=pytest.mark.slow),
        pytest.param('free', 'solvability', marks=pytest.mark.slow),
    ],
)
def test_the_teachers_train_the_trust_head(
    teacher, source, tmp_path, data_root
):
    if teacher == 'fk':
        pytest.importorskip('pytorch_kinematics')
    mim(
        'train',
        str(ROOT / SOLVABILITY),
        '--work-dir',
        str(tmp_path),
        '--cfg-options',
        *SHORT,
        'train_cfg.max_epochs=1',
        'val_dataloader.dataset.indices=4',
        f'model.solvability_cfg.teacher={teacher}',
        f'model.trust_cfg.source={source}',
        cwd=tmp_path,
        COCO_ROOT=str(data_root),
    )
    trained = [r for r in scalars(tmp_path) if 'loss' in r]
    for record in trained:
        assert 0 <= record['pseudo_trust_sol_mean'] <= 1
        assert record['solv_converged'] > 0.5
        assert record['solv_residual_mean'] >= 0
        assert record['solv_energy_mean'] >= 0
        assert record['loss_trust'] > 0
        assert ('rot_inconsistency_mean' in record) == (source == 'unified')


SWITCHES = [
    'model.trust_cfg.enable=False',
    'model.consistency_cfg.enable=False',
    'model.full_param_train=False load_from=POSE/latest.pth',
    'default_hooks.trust_selection.share=0 default_hooks.trust_panel.num=0',
    'model.consistency_cfg.max_deg=45.0 model.consistency_cfg.loss_weight=0.5',
    'train_dataloader.num_workers=4 '
    'train_dataloader.persistent_workers=True '
    'optim_wrapper.accumulative_counts=2',
    'compile.backend=aot_eager default_hooks.channels_last.type='
    'ChannelsLastHook optim_wrapper.type=BFloat16OptimWrapper',
]


@pytest.mark.slow
@pytest.mark.parametrize('options', SWITCHES)
def test_every_switch_of_the_command_line_trains(
    options, tmp_path, data_root, baseline_run
):
    trust_off = 'trust_cfg.enable=False' in options
    narrow = NARROW if 'POSE' in options else ()
    options = options.replace('POSE', str(baseline_run.work_dir))
    mim(
        'train',
        str(ROOT / SELFVERIFY),
        '--work-dir',
        str(tmp_path),
        '--cfg-options',
        *SHORT,
        'train_cfg.max_epochs=1',
        'train_dataloader.dataset.indices=8',
        'train_dataloader.batch_size=4',
        'val_dataloader.dataset.indices=4',
        *narrow,
        *options.split(),
        cwd=tmp_path,
        COCO_ROOT=str(data_root),
    )
    (record, *_, validation) = scalars(tmp_path)
    assert ('trust/ECE' in validation) != trust_off
    assert ('loss_trust' in record) != trust_off
    assert ('loss_kpt' in record) != ('full_param_train=False' in options)
    state = torch.load(
        tmp_path / 'latest.pth', weights_only=True, map_location='cpu'
    )['state_dict']
    assert any(k.startswith('trust_head') for k in state) != trust_off
