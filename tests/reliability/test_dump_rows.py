"""Each row of dump_rows.py."""

import copy
import pickle

import dump_rows
import numpy as np
import pytest
from prediction_files import annotations, dump, results
from row import check_message

from self_verify_pose.metrics.evaluation.io.reading import read_predictions
from self_verify_pose.metrics.joint_trust_metric import JointTrustMetric

NAN = float('nan')


@pytest.fixture(scope='module')
def samples(tmp_path_factory):
    truth = annotations()
    folder = tmp_path_factory.mktemp('dump')
    samples = dump(truth, results(truth), folder)
    for sample in samples:
        predicted = sample['pred_instances']
        predicted['keypoint_trust'] = predicted['keypoint_trust'].numpy()
    return samples


def sample(**fields):
    return lambda samples: samples[1].update(fields)


def predicted(**fields):
    return lambda samples: samples[1]['pred_instances'].update(fields)


def at_visible(field):
    def change(samples):
        visible = samples[1]['gt_instances']['keypoints_visible'] > 0
        value = samples[1]['pred_instances'][field]
        value[tuple(np.argwhere(visible)[0])] = NAN

    return change


def at_hidden(samples):
    for one in samples:
        hidden = one['gt_instances']['keypoints_visible'] == 0
        values = one['pred_instances']
        for field in ('keypoints', 'keypoint_scores', 'keypoint_trust'):
            values[field][hidden] = NAN
        values['keypoints_visible'] = values['keypoint_scores']


def integers(samples):
    for one in samples:
        one['pred_instances']['keypoint_trust'] = np.ones((1, 17), int)


def no_trust(number):
    return lambda samples: samples[number]['pred_instances'].pop(
        'keypoint_trust'
    )


CHANGES = {
    'samples repeated': lambda samples: samples.append(samples[0]),
    'ids begin anew': lambda samples: samples.extend(list(samples)),
    'id null': sample(id=None),
    'image id a list': sample(img_id=[10]),
    'predictions null': sample(pred_instances=None),
    'annotations of an image': sample(raw_ann_info=[{}]),
    'scores as texts': predicted(keypoint_scores=[['a'] * 17]),
    'a ragged list': predicted(keypoints=[[[1, 2], [3]]]),
    'trust missing in the first': no_trust(0),
    'trust of 16': predicted(keypoint_trust=np.ones((1, 16))),
    'NaN trust at a labeled joint': at_visible('keypoint_trust'),
    'metric: NaN trust': at_visible('keypoint_trust'),
    'metric: NaN keypoint': at_visible('keypoints'),
    'metric: no trust': no_trust(1),
    'integer trust': integers,
    'NaN where no label is': at_hidden,
}


def evaluate(samples, path):
    path.write_bytes(pickle.dumps(samples))
    return read_predictions(path)


def compute(samples):
    metric = JointTrustMetric()
    metric.process(None, samples)
    return metric.compute_metrics(metric.results)


@pytest.mark.parametrize('row', dump_rows.DUMPS, ids=lambda row: row.case)
def test_dump_row(row, samples, tmp_path):
    changed = copy.deepcopy(samples)
    CHANGES[row.case](changed)
    with pytest.raises(ValueError) as caught:
        evaluate(changed, tmp_path / 'preds.pkl')
    check_message(row, str(caught.value))


@pytest.mark.parametrize('row', dump_rows.METRIC, ids=lambda row: row.case)
def test_metric_row(row, samples):
    changed = copy.deepcopy(samples)
    CHANGES[row.case](changed)
    with pytest.raises(ValueError) as caught:
        compute(changed)
    check_message(row, str(caught.value))


@pytest.mark.parametrize('row', dump_rows.UNDERSTOOD, ids=lambda row: row.case)
def test_understood_row(row, samples, tmp_path):
    changed = copy.deepcopy(samples)
    CHANGES[row.case](changed)
    found = evaluate(changed, tmp_path / 'preds.pkl')
    clean = evaluate(samples, tmp_path / 'clean.pkl')
    assert found.scores.keys() == clean.scores.keys()
    np.testing.assert_array_equal(found.truth.labeled, clean.truth.labeled)
    if row.case == 'integer trust':
        assert (found.scores['keypoint_trust'] == 1).all()
        return
    labeled = clean.truth.labeled
    for name, scores in clean.scores.items():
        np.testing.assert_array_equal(
            found.scores[name][labeled], scores[labeled]
        )
    np.testing.assert_array_equal(found.errors[labeled], clean.errors[labeled])
    assert compute(changed) == compute(samples)
