import json

import cv2
import pytest
import torch
from helpers import (
    BASELINE,
    NARROW,
    ROOT,
    SELFVERIFY,
    build_estimator,
    load_tool,
)

FILES = ['robustness.md', 'robustness.json']
FILES += [f'{n}.{s}' for n in ('auroc', 'aurc') for s in ('png', 'svg')]


@pytest.fixture(scope='module')
def tool():
    return load_tool('robustness')


@pytest.fixture(autouse=True)
def environment(monkeypatch, synthetic_coco):
    monkeypatch.setenv('COCO_ROOT', str(synthetic_coco))
    monkeypatch.setenv('BACKBONE_INIT', 'none')
    monkeypatch.setenv('COLUMNS', '200')


def arguments(checkpoint, out, *more, config=SELFVERIFY):
    return [
        *(str(ROOT / config), str(checkpoint), '--out', str(out)),
        *('--workers', '0', '--dist-thr', '0.3', *more),
        *('--cfg-options', *NARROW),
    ]


def test_it_writes_table_numbers_and_curves(tool, tmp_path, capsys):
    checkpoint = tmp_path / 'run.pth'
    torch.save(build_estimator().state_dict(), checkpoint)
    out = tmp_path / 'deep' / 'report'
    chosen = ('--corruptions', 'occluder', 'gaussian_noise')
    chosen += ('--strengths', '5', '2', '--max-samples', '4')
    assert tool.main(arguments(checkpoint, out, *chosen)) == 0
    assert sorted(p.name for p in out.iterdir()) == sorted(FILES)
    report = json.loads((out / 'robustness.json').read_text())
    rows = report['rows']
    kinds = [('clean', 0), ('occluder', 2), ('occluder', 5)]
    kinds += [('gaussian_noise', 2), ('gaussian_noise', 5)]
    assert [(r['corruption'], r['strength'], r['score']) for r in rows] == [
        (*kind, score)
        for kind in kinds
        for score in ('keypoint_trust', 'keypoint_scores')
    ]
    assert report['max_samples'] == 4
    assert report['ann'] is None
    assert len({row['joints'] for row in rows}) == 1
    assert all(row['mean'] != rows[0]['mean'] for row in rows[2::2])
    shown = capsys.readouterr().out
    written = (out / 'robustness.md').read_text()
    for row in rows:
        assert f'{row["AURC"]:.3f}' in written
        assert f'{row["AURC"]:.3f}' in shown
    assert cv2.imread(str(out / 'auroc.png')).std() > 10
    assert (out / 'aurc.svg').read_text().rstrip().endswith('</svg>')


def test_a_plain_network_is_evaluated_by_its_raw_score(tool, tmp_path, capsys):
    checkpoint = tmp_path / 'plain.pth'
    torch.save(build_estimator(BASELINE).state_dict(), checkpoint)
    chosen = ('--corruptions', 'jpeg', '--strengths', '5')
    call = arguments(checkpoint, tmp_path, *chosen, '--max-samples', '2')
    assert tool.main(call) == 2
    assert 'expected a trained trust head' in capsys.readouterr().err
    assert not (tmp_path / 'robustness.md').exists()
    chosen += ('--scores', 'keypoint_scores', '--max-samples', '2')
    call = arguments(checkpoint, tmp_path, *chosen, config=BASELINE)
    assert tool.main(call) == 0
    rows = json.loads((tmp_path / 'robustness.json').read_text())['rows']
    assert len(rows) == 2


def test_an_unknown_score_is_named(tool, tmp_path, capsys):
    checkpoint = tmp_path / 'plain.pth'
    torch.save(build_estimator(BASELINE).state_dict(), checkpoint)
    more = ('--scores', 'magic', '--max-samples', '2')
    call = arguments(checkpoint, tmp_path, *more, config=BASELINE)
    assert tool.main(call) == 2
    assert "expected 'magic' in pred_instances" in capsys.readouterr().err
