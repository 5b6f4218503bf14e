"""Thresholds and exports of predictions.

`choose_threshold.py` and `export_trust.py`; each refusal has the exit code 2
and comes before anything is written.
"""

from row import Row

_CERTIFICATE = (
    'refused: certificate.json: expected a certificate of '
    'choose_threshold.py, version 1, found …; choose the thresholds again'
)
ROWS = (
    Row(
        'a risk of 5 instead of .05',
        '`--risk 5`',
        'refused: risk: expected a number between 0 and 1, found 5; correct '
        'it',
    ),
    Row(
        'a confidence of 90 instead of .9',
        '`--confidence 90`',
        'refused: confidence: expected a number between 0 and 1, found 90; '
        'correct it',
    ),
    Row(
        'results without trust',
        'no `keypoint_trust` in the results',
        'refused: score: expected keypoint_trust, found predictions with '
        'keypoint_scores …; choose one of these (--score), or add trust with '
        'apply_trust.py',
    ),
    Row(
        'labels of a few images',
        'labels of 12 images',
        'a certificate that says "too few labels" where a threshold would '
        'stand',
    ),
    Row(
        'a certificate that is something else',
        '`{}` in certificate.json',
        _CERTIFICATE,
    ),
    Row(
        'a certificate of a later version',
        '`"version": 2`',
        _CERTIFICATE,
    ),
    Row(
        'a certificate of another skeleton',
        'a certificate of 17 joints, predictions of 4',
        'refused: certificate: expected 17 joints, found scores of shape '
        '(8, 4); give predictions of the skeleton that it was made for',
    ),
    Row(
        'a check of three images',
        '`--check` with predictions of 3 images',
        'refused: check: expected at least 10 new images, found 3; give more '
        'predictions',
    ),
    Row(
        'other images than those of the annotations',
        'an `image_id` that `--ann` lacks',
        'refused: scored.json: expected the images of … found image_id 99, '
        'which it lacks; give the annotations of these images',
    ),
    Row(
        'a table with another ending',
        '`--format deeplabcut --out table.txt`',
        'refused: table.txt: expected the ending .csv or .h5, found .txt; '
        'give another name',
    ),
    Row(
        'a missing package',
        'MAPIE is not installed',
        'refused: mapie: expected the package, found that it cannot be '
        "imported …; run pip install 'self-verify-pose[decisions]'",
    ),
)
