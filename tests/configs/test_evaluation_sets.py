import json

import numpy as np
import pytest
import torch
from evaluation_sets import (
    CROWDPOSE,
    EXLPOSE,
    HUMANART,
    OCHUMAN,
    SETS,
    lay_out,
    load_evaluation,
)
from helpers import ROOT, load_config, load_tool
from integration_runs import TRUST as TRUST_METRICS
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import Evaluator
from mmengine.hub import get_config
from mmengine.runner import Runner
from mmpose.registry import DATASETS, MODELS

from self_verify_pose.metrics.evaluation.io.dump import read_dump

COCO_AP = ('AP', 'AP .5', 'AP .75', 'AP (M)', 'AP (L)')
COCO_AP += ('AR', 'AR .5', 'AR .75', 'AR (M)', 'AR (L)')
CROWD_AP = ('AP', 'AP .5', 'AP .75', 'AR', 'AR .5', 'AR .75')
CROWD_AP += ('AP(E)', 'AP(M)', 'AP(H)')
# persons and labeled joints of the samples, counted in their files
SAMPLES = {
    OCHUMAN: (5, 73, 17, [f'coco/{name}' for name in COCO_AP]),
    HUMANART: (4, 61, 17, [f'coco/{name}' for name in COCO_AP]),
    CROWDPOSE: (4, 47, 14, [f'crowdpose/{name}' for name in CROWD_AP]),
    EXLPOSE: (6, 82, 14, [f'coco/{name}' for name in COCO_AP]),
}


@pytest.mark.parametrize(
    'name',
    [
        pytest.param(HUMANART, marks=pytest.mark.slow),
        CROWDPOSE,
        pytest.param(OCHUMAN, marks=pytest.mark.slow),
        pytest.param(EXLPOSE, marks=pytest.mark.slow),
    ],
)
def test_every_person_is_evaluated_and_the_dump_is_reported(name, tmp_path):
    lay_out(name, tmp_path)
    config = load_evaluation(name, tmp_path)
    dump, out = tmp_path / 'preds.pkl', tmp_path / 'report'
    config.test_evaluator.append(
        {'type': 'DumpResults', 'out_file_path': str(dump)}
    )
    persons, joints, num_keypoints, names = SAMPLES[name]
    torch.manual_seed(0)
    values = Runner.from_cfg(config).test()
    names += [f'{s}/{n}' for s in ('score', 'trust') for n in TRUST_METRICS]
    assert values.keys() == set(names)
    assert [
        np.shape(sample['pred_instances']['keypoint_trust'])
        for sample in read_dump(dump)
    ] == [(1, num_keypoints)] * persons
    annotations = str(tmp_path / SETS[name][1])
    results = tmp_path / 'preds.results.json'
    found = []
    for file, options in (
        (dump, []),
        (dump, ['--ann', annotations]),
        (results, ['--ann', annotations]),
    ):
        arguments = [str(file), '--out', str(out), '--bootstrap', '0']
        assert load_tool('eval_trust').main(arguments + options) == 0
        reports = json.loads((out / 'report.json').read_text())
        report = reports[file.stem]
        assert (report['persons'], report['joints']) == (persons, joints)
        found.append(report['scores']['keypoint_trust'])
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize('name', SETS)
def test_perfect_predictions_have_an_ap_of_one(name, tmp_path):
    lay_out(name, tmp_path)
    config = load_evaluation(name, tmp_path)
    dataset = DATASETS.build(config.test_dataloader.dataset)
    evaluator = Evaluator(config.test_evaluator[:1])
    evaluator.dataset_meta = dataset.metainfo
    for k in range(len(dataset)):
        info = dataset.get_data_info(k)
        prediction = {
            'keypoints': info['keypoints'],
            'keypoint_scores': np.ones(info['keypoints'].shape[:2]),
        }
        truth = {'bbox_scores': info['bbox_score']}
        sample = {'pred_instances': prediction, 'gt_instances': truth}
        sample |= {key: info[key] for key in ('id', 'img_id')}
        evaluator.process([sample])
    values = evaluator.evaluate(len(dataset))
    prefix = SAMPLES[name][3][0].split('/')[0]
    assert values[f'{prefix}/AP'] == values[f'{prefix}/AR'] == 1


@pytest.mark.parametrize(
    ('name', 'official'),
    [
        (HUMANART, 'rtmpose/humanart/rtmpose-s_8xb256-420e_humanart'),
        (CROWDPOSE, 'rtmpose/crowdpose/rtmpose-m_8xb64-210e_crowdpose'),
        (
            EXLPOSE,
            'topdown_heatmap/exlpose/td-hm_hrnet-w32_8xb64-210e_exlpose',
        ),
    ],
)
def test_settings_are_those_of_mmpose(name, official, tmp_path):
    config = load_evaluation(name, tmp_path)
    reference = get_config(f'mmpose::body_2d_keypoint/{official}-256x192.py')
    own, other = (c.test_dataloader.dataset for c in (config, reference))
    assert issubclass(DATASETS.get(own.type), DATASETS.get(other.type))
    # MMPose reads CrowdPose one folder further up
    assert other.ann_file.endswith(own.ann_file)
    assert own.pipeline == other.pipeline or name == HUMANART
    metric = dict(reference.test_evaluator)
    del metric['ann_file']  # here the one of the data set
    assert dict(config.test_evaluator[0]) == metric


@pytest.mark.parametrize('name', [OCHUMAN, HUMANART])
def test_any_config_that_tests_on_coco_can_be_tested(name, tmp_path):
    for path in (ROOT / 'configs').glob('*coco-256x192.py'):
        other = load_config(path)
        config = load_evaluation(name, tmp_path, TRUST_CONFIG=str(path))
        assert config.model.type == other.model.type
        assert config.model.get('trust_cfg') == other.model.get('trust_cfg')
        assert config.test_evaluator[1:] == other.test_evaluator[1:]
        own, given = (c.test_dataloader.dataset for c in (config, other))
        assert own.pipeline == given.pipeline
        assert own.keys() <= {*given, 'ann_file', 'data_prefix'}
        assert own.data_root == str(tmp_path)


@pytest.mark.parametrize('name', [CROWDPOSE, EXLPOSE])
def test_a_model_for_other_keypoints_trains_on_its_data_set(name, tmp_path):
    lay_out(name, tmp_path)
    config = load_evaluation(name, tmp_path)
    assert config.val_dataloader.dataset == config.test_dataloader.dataset
    assert config.val_evaluator == config.test_evaluator
    # the samples are of the test part alone
    config.train_dataloader.dataset.ann_file = SETS[name][1]
    dataset = DATASETS.build(config.train_dataloader.dataset)
    model = MODELS.build(config.model)
    batch = pseudo_collate([dataset[0], dataset[1]])
    losses = model(**model.data_preprocessor(batch, True), mode='loss')
    for loss in ('loss_kpt', 'loss_consistency_rot', 'loss_trust'):
        assert losses[loss].isfinite()
        assert losses[loss] > 0
