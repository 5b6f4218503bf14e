"""The examples run as their first lines say."""

import json
import runpy
import sys

import numpy as np
import pytest
from decision_files import write_files
from file_trust_results import write_persons
from helpers import ROOT, load_mmpose_config
from posthoc_persons import make_persons

from self_verify_pose.skeleton import JOINTS

EXAMPLES = ROOT / 'demo' / 'examples'
HRNET = 'td-hm_hrnet-w32_udp-8xb64-210e_coco-256x192.py'


@pytest.fixture
def run(monkeypatch, capsys):
    """Run an example in this process; return what it prints."""

    def start(name, *arguments):
        path = EXAMPLES / f'{name}.py'
        monkeypatch.setattr(sys, 'argv', [str(path), *map(str, arguments)])
        runpy.run_path(str(path), run_name='__main__')
        return capsys.readouterr().out

    return start


def test_trust_for_movenet(run, tmp_path):
    files = write_persons(tmp_path, make_persons(joints=4))
    printed = run('trust_for_movenet', *files, files[0])
    assert '60 labeled persons; AUROC' in printed
    scored = json.loads((tmp_path / 'results_scored.json').read_text())
    assert len(scored) == 60
    assert np.shape([one['keypoint_trust'] for one in scored]) == (60, 4)


def test_guaranteed_threshold(run, tmp_path):
    write_files(tmp_path, 300, len(JOINTS), JOINTS)
    scored, ann = tmp_path / 'scored.json', tmp_path / 'ann.json'
    printed = run('guaranteed_threshold', scored, ann, scored)
    assert 'at most 5.0% are wrong' in printed
    assert 'of the joints of 400 new persons are kept' in printed


def test_without_a_threshold_the_reason_is_given(run, tmp_path):
    write_files(tmp_path, 9)
    scored, ann = tmp_path / 'scored.json', tmp_path / 'ann.json'
    with pytest.raises(SystemExit, match='too few labels'):
        run('guaranteed_threshold', scored, ann, scored)


def test_label_next(run, tmp_path):
    write_files(tmp_path)
    files = tmp_path / 'scored.json', tmp_path / 'ann.json'
    printed = run('label_next', *files, 5).splitlines()
    assert len(printed) == 6
    assert '.jpg: ' in printed[0]
    assert printed[-1].endswith(' an image in all 90 images')


@pytest.mark.slow
def test_attach_to_hrnet(run, tmp_path):
    import torch
    from mmpose.registry import MODELS

    config = load_mmpose_config(
        f'body_2d_keypoint/topdown_heatmap/coco/{HRNET}'
    )
    state = MODELS.build(config.model).state_dict()
    torch.save({'state_dict': state}, tmp_path / 'hrnet.pth')
    printed = run('attach_to_hrnet', tmp_path / 'hrnet.pth', tmp_path / 'out')
    assert (tmp_path / 'out' / 'run' / 'latest.pth').exists()
    trust = printed.rsplit('[[', 1)[1].strip(']\n').split()
    assert len(trust) == len(JOINTS)
