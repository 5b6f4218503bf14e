"""Dumps and predictions of a test.

What `eval_trust` says of the samples of a dump, and `JointTrustMetric` during
`mim test`.
"""

from row import Row


def _refused(case: str, given: str, words: str) -> Row:
    return Row(case, given, f'refused: {words}')


DUMPS = (
    _refused(
        'samples repeated',
        'a sample twice in a dump',
        'preds.pkl: samples: id: expected each id once, found 1 repeated, '
        'first 500, 2 times',
    ),
    _refused(
        'ids begin anew',
        'two dumps in one',
        'preds.pkl: samples: id: expected each id once, found 6 repeated',
    ),
    _refused(
        'id null',
        'id null',
        "preds.pkl: sample 1: expected an integer or a text in 'id', found "
        'None',
    ),
    _refused(
        'image id a list',
        'img_id [10]',
        "preds.pkl: sample 1: expected an integer or a text in 'img_id'",
    ),
    _refused(
        'predictions null',
        'pred_instances null',
        'preds.pkl: sample id 501: expected fields by name in pred_instances, '
        'found a NoneType',
    ),
    _refused(
        'annotations of an image',
        'raw_ann_info as list',
        'preds.pkl: sample id 501: expected the annotation of one person in '
        "'raw_ann_info', found a list",
    ),
    _refused(
        'scores as texts',
        'texts in keypoint_scores',
        "preds.pkl: sample id 501: expected numbers in 'keypoint_scores'",
    ),
    _refused(
        'a ragged list',
        'keypoints of different lengths',
        "preds.pkl: sample id 501: expected numbers in 'keypoints'",
    ),
    _refused(
        'trust missing in the first',
        'keypoint_trust in all samples but the first',
        "preds.pkl: sample id 500: expected 'keypoint_trust' in pred_inst",
    ),
    _refused(
        'trust of 16',
        'one number less in one sample',
        "preds.pkl: sample id 501: expected 'keypoint_trust' of one person",
    ),
    _refused(
        'NaN trust at a labeled joint',
        'NaN in one sample',
        'preds.pkl: keypoint_trust: expected finite values, found',
    ),
)

METRIC = (
    _refused(
        'metric: NaN trust',
        'NaN at a labeled joint',
        "JointTrustMetric, sample id 501: 'keypoint_trust' in pred_instances "
        'holds 1 NaN or infinite values at labeled joints',
    ),
    _refused(
        'metric: NaN keypoint',
        'NaN at a labeled joint',
        "JointTrustMetric, sample id 501: 'keypoints' in pred_instances holds "
        '2 NaN or infinite values at labeled joints',
    ),
    _refused(
        'metric: no trust',
        'a model without trust',
        "JointTrustMetric, sample id 501: expected 'keypoint_trust' in "
        'pred_instances, found',
    ),
)

UNDERSTOOD = (
    Row('integer trust', 'trust of integers 0 and 1', 'evaluated'),
    Row(
        'NaN where no label is',
        'NaN at joints without label',
        'the same figures, in dump and metric',
    ),
)

ROWS = (*DUMPS, *METRIC, *UNDERSTOOD)
