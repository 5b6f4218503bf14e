"""Predictions of a second estimator.

`fit_trust.py` and `apply_trust.py` with `--second`.
"""

from row import Row

ROWS = (
    Row(
        'other joints',
        'a second file with 4 joints, where the first has 3',
        'refused: second.json: expected 3 joints per person, as in … '
        'first.json, found 4; give predictions of the same joints',
    ),
    Row(
        'other ids',
        'an `ann_id` that the first file has nowhere',
        "refused: second.json: expected 'ann_id' of persons in … found none "
        'of them',
    ),
    Row(
        'another image',
        'the same `ann_id` in another image',
        "refused: second.json: entry 1: image_id: expected that of 'ann_id' "
        '1 in … found 77; give predictions of the same images',
    ),
    Row(
        'neither id nor box',
        'a second file without `ann_id` and `bbox`',
        "refused: second.json: expected 'ann_id' or 'bbox' in this file and "
        'in … found neither in both',
    ),
    Row(
        'boxes elsewhere',
        'boxes of other images, without `ann_id`',
        'refused: second.json: expected persons of … first.json, found none '
        'that matches',
    ),
    Row(
        'a missing partner',
        'a person who is not in the second file',
        'the evidence of the second is missing for the person; counted',
    ),
    Row(
        'a joint null in the second file',
        'x of a joint null',
        'the evidence of the second is missing for the joint',
    ),
)
