"""Files that changed a figure.

`eval_trust` with files of four persons, each with one thing wrong or
unusual. The figures of the clean pair are AUROC .458 and AURC .507 of the raw
score on 64 joints.
"""

from row import Row


def _refused(name: str, given: str, words: str) -> Row:
    return Row(f'{name}.json', given, f'refused: {name}.json: {words}')


_WITHOUT = 'the figures of the other three persons; counted'
_CLEAN = 'the figures of the clean pair'

ROWS = (
    Row('ann.json', 'the clean annotations', _CLEAN),
    Row('results.json', 'the clean results', _CLEAN),
    _refused(
        'ann_bbox_missing', 'no box', "annotations[0]: expected a 'bbox'"
    ),
    _refused(
        'ann_bbox_null',
        'bbox null',
        'annotations[0]: bbox: expected a list of 4 numbers, found null',
    ),
    _refused(
        'ann_bbox_three',
        'bbox of 3 numbers',
        'annotations[0]: bbox: expected 4 numbers, found 3',
    ),
    _refused(
        'ann_boxes_xyxy',
        'boxes as corners',
        'annotations: bbox: expected x, y, width and height, found the corner',
    ),
    Row('ann_crowd.json', 'a crowd', _WITHOUT),
    _refused(
        'ann_duplicate_ann_id',
        'two persons of one id',
        'annotations: id: expected each id once',
    ),
    _refused(
        'ann_duplicate_ann_id_extra',
        'a fifth person with the id of the first',
        'annotations: id: expected each id once',
    ),
    _refused(
        'ann_entry_null',
        'null among the annotations',
        'annotations[4]: expected an object, found null',
    ),
    _refused('ann_id_missing', 'no id', "annotations[0]: expected 'id'"),
    _refused(
        'ann_images_object',
        'images by id',
        'images: expected a list, found {',
    ),
    Row(
        'ann_keypoints_missing.json',
        'a fifth box without keypoints',
        _CLEAN + '; counted',
    ),
    _refused(
        'ann_keypoints_null',
        'a fifth box with keypoints null',
        'annotations[4]: keypoints: expected a list of numbers, found null',
    ),
    _refused(
        'ann_merged_image_ids',
        'two images of one id',
        'images: id: expected each id once, found 1 repeated',
    ),
    Row('ann_person_all_v0.json', 'a person without labels', _WITHOUT),
    _refused(
        'ann_width_null',
        'width null',
        'images[0]: width: expected a number of at least 1, found null',
    ),
    Row('ann_zero_box.json', 'a box without area', _WITHOUT),
    Row('results_ann_id.json', 'ids of annotations', _CLEAN),
    _refused(
        'results_bbox_empty',
        'bbox []',
        'entry 0: bbox: expected 4 numbers, found 0',
    ),
    _refused(
        'results_bbox_null',
        'bbox null',
        'entry 0: bbox: expected a list of 4 numbers, found null',
    ),
    _refused(
        'results_bbox_with_score',
        'bbox of 5 numbers',
        'entry 0: bbox: expected 4 numbers, found 5',
    ),
    _refused(
        'results_bbox_xyxy',
        'boxes as corners',
        'bbox: expected x, y, width and height, found boxes of which 4 of 4',
    ),
    Row(
        'results_image_id_filename.json',
        'file names for ids',
        _CLEAN + '; said how they are read',
    ),
    Row(
        'results_image_id_string.json',
        'ids as text',
        _CLEAN + '; said how they are read',
    ),
    _refused(
        'results_merged_image_ids',
        'the persons of two images in one',
        'expected a match for most of the 4 predictions, found none for 2',
    ),
    Row(
        'results_null_at_unlabelled_joint.json',
        'null where no label is',
        _CLEAN + '; counted',
    ),
    Row(
        'results_null_at_unlabelled_joint_boxes.json',
        'the same with boxes',
        _CLEAN + '; counted',
    ),
    _refused(
        'results_trust_missing_in_first',
        'trust in all entries but the first',
        "expected 'keypoint_trust' in all entries or in none",
    ),
    _refused(
        'results_trust_null',
        'trust null',
        'entry 1: keypoint_trust: expected a list of 17 numbers, found null',
    ),
    Row(
        'results_undetected_as_zero.json',
        'a person at 0, 0',
        'evaluated as wrong; counted',
    ),
)
