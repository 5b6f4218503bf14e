"""Annotation files.

One check is shared by all that read them: training and `mim test` (the data
sets), `eval_trust`, `calibrate_trust`, `generate_solvability_cache`,
`visualize_trust` and `compare_trust`; each row is tried with each of them.
"""

from row import Row

_NULL = 'refused: ann.json: annotations[1]: {}: expected {}, found null'


def _refused(case: str, given: str, words: str) -> Row:
    return Row(case, given, f'refused: ann.json: {words}')


ROWS = (
    _refused('no JSON', 'a text', 'expected JSON, found something else'),
    _refused('cut off', 'half of a file', 'expected JSON'),
    _refused('deeply nested', '100,000 brackets', 'expected JSON'),
    _refused(
        'results', 'a list', "expected an annotation file with 'images' and"
    ),
    _refused('no images', "no 'images'", 'expected an annotation file with'),
    _refused('images null', "'images' null", 'images: expected a list, found'),
    _refused(
        'images by id',
        "'images' as an object",
        'images: expected a list, found {',
    ),
    _refused(
        'image null',
        'null among the images',
        'images[1]: expected an object, found null',
    ),
    _refused(
        'image id missing', "an image without 'id'", "images[1]: expected 'id'"
    ),
    _refused(
        'image id a number with fraction',
        'an image id 1.5',
        'images[1]: id: expected an integer or a text, found 1.5',
    ),
    _refused(
        'image id true',
        'an image id true',
        'images[1]: id: expected an integer or a text, found true',
    ),
    _refused(
        'image id repeated',
        'two images of one id, as in merged exports whose ids begin anew',
        'images: id: expected each id once, found 1 repeated, first 10, 2 '
        'times; keep one, or give new ids',
    ),
    _refused(
        'image ids of two types',
        'one image id as text',
        'images: id: expected ids of one type, found integers and texts',
    ),
    _refused(
        'width missing',
        "an image without 'width'",
        "images[1]: expected 'width'",
    ),
    _refused(
        'width null',
        'width null',
        'images[1]: width: expected a number of at least 1, found null',
    ),
    _refused(
        'width zero',
        'width 0',
        'images[1]: width: expected a number of at least 1, found 0',
    ),
    _refused(
        'height a text',
        'height "300"',
        'images[1]: height: expected a number of at least 1, found "300"',
    ),
    _refused(
        'file name null',
        'file_name null',
        'images[1]: file_name: expected a text, found null',
    ),
    _refused(
        'annotation null',
        'null among the annotations',
        'annotations[1]: expected an object, found null',
    ),
    _refused(
        'annotation a list',
        'a list among the annotations',
        'annotations[1]: expected an object, found [1]',
    ),
    _refused(
        'id missing',
        "an annotation without 'id'",
        "annotations[1]: expected 'id', found only",
    ),
    Row('id null', 'id null', _NULL.format('id', 'an integer or a text')),
    _refused(
        'id repeated',
        'two annotations of one id',
        'annotations: id: expected each id once, found 1 repeated, first 500, '
        '2 times; keep one, or give new ids',
    ),
    _refused(
        'ids begin anew',
        'two files merged, with the ids of both',
        'annotations: id: expected each id once, found 3 repeated',
    ),
    _refused(
        'person twice',
        'an annotation listed twice',
        'annotations: id: expected each id once, found 1 repeated',
    ),
    _refused(
        'image unknown',
        'the id of an image that is not listed',
        "annotations[1]: image_id: expected the 'id' of one of the 3 images "
        '(int, such as 10), found 99 (int)',
    ),
    _refused(
        'image id as text',
        'image_id "10" for 10',
        "annotations[1]: image_id: expected the 'id' of one of the 3 images "
        '(int, such as 10), found "10" (str)',
    ),
    _refused(
        'person without image',
        "an annotation without 'image_id'",
        "annotations[1]: expected 'image_id', found only",
    ),
    _refused(
        'box missing',
        'keypoints without a box',
        "annotations[1]: expected a 'bbox' of a person with keypoints",
    ),
    Row('box null', 'bbox null', _NULL.format('bbox', 'a list of 4 numbers')),
    _refused(
        'box of three',
        'bbox of 3 numbers',
        'annotations[1]: bbox: expected 4 numbers, found 3 ([1, 2, 3])',
    ),
    _refused(
        'box of five',
        'bbox with a score',
        'annotations[1]: bbox: expected 4 numbers, found 5',
    ),
    _refused(
        'box with null',
        'bbox with null',
        'annotations[1]: bbox: expected 4 numbers, found null at position 2',
    ),
    _refused(
        'box with texts',
        'bbox of texts',
        'annotations[1]: bbox: expected 4 numbers, found "1" at position 0',
    ),
    _refused(
        'box NaN',
        'bbox with NaN',
        'annotations[1]: bbox: expected 4 numbers, found NaN at position 3',
    ),
    _refused(
        'box infinite',
        'bbox with Infinity',
        'annotations[1]: bbox: expected 4 numbers, found Infinity',
    ),
    _refused(
        'boxes are corners',
        'bbox as x0, y0, x1, y1',
        'annotations: bbox: expected x, y, width and height, found the '
        'corners x0, y0, x1, y1, such as',
    ),
    _refused(
        'boxes beside the image',
        'boxes in pixels of a larger image',
        'annotations: bbox: expected boxes inside their images, found 6 of 6 '
        'beside',
    ),
    Row(
        'keypoints null',
        'keypoints null',
        _NULL.format('keypoints', 'a list of numbers'),
    ),
    _refused(
        'keypoints empty',
        'keypoints []',
        'annotations[1]: keypoints: expected x, y and visibility of the same '
        'keypoints for all persons, found 0 numbers',
    ),
    _refused(
        'keypoints short',
        '50 numbers',
        'annotations[1]: keypoints: expected x, y and visibility of the same '
        'keypoints for all persons, found 50 numbers, before 51',
    ),
    _refused(
        'keypoints of another skeleton',
        '14 keypoints beside 17',
        'annotations[1]: keypoints: expected … found 42 numbers, before 51',
    ),
    _refused(
        'keypoints in pairs',
        '[[x, y, v], …]',
        'annotations[1]: keypoints: expected numbers, found [1, 2, 2] at',
    ),
    _refused(
        'keypoint null',
        'null for x',
        'annotations[1]: keypoints: expected numbers, found null at position',
    ),
    _refused(
        'keypoint NaN',
        'NaN for x',
        'annotations[1]: keypoints: expected numbers, found NaN at position',
    ),
    _refused(
        'keypoint a text',
        'x as text',
        'annotations[1]: keypoints: expected numbers, found "3" at position',
    ),
    _refused(
        'visibility true',
        'visibility true',
        'annotations[1]: keypoints: expected numbers, found true at position',
    ),
    Row(
        'area null',
        'area null',
        _NULL.format('area', 'a number of at least 0'),
    ),
    _refused(
        'area negative',
        'area -1',
        'annotations[1]: area: expected a number of at least 0, found -1',
    ),
    _refused(
        'crowd a text',
        'iscrowd "0", which Python takes for true',
        'annotations[1]: iscrowd: expected an integer, found "0"',
    ),
    _refused(
        'count of keypoints null',
        'num_keypoints null',
        'annotations[1]: num_keypoints: expected an integer, found null',
    ),
    Row(
        'crowd',
        'iscrowd 1',
        'left out and counted: 1 of 6 annotated persons are left out: 1 with '
        "'iscrowd'.",
    ),
    Row(
        'all keypoints unlabeled',
        'visibility 0, without coordinates',
        'left out and counted: 1 of 6 annotated persons are left out: 1 with '
        'no labeled keypoint.',
    ),
    Row(
        'box without area',
        'width and height 0',
        'left out and counted: 1 of 6 annotated persons are left out: 1 with '
        'a box without area inside the image.',
    ),
    Row(
        'box beside the image',
        'one box to the left of its image',
        'left out and counted: 1 of 6 annotated persons are left out: 1 with '
        'a box without area inside the image.',
    ),
    Row(
        'count of keypoints 0',
        'num_keypoints 0 beside labeled keypoints',
        'left out and counted: 1 of 6 annotated persons are left out: 1 with '
        "'num_keypoints' 0, or all keypoints at 0.",
    ),
    Row(
        'keypoints missing',
        'a box alone, as of another category',
        'left out and counted: 1 of 6 annotated persons are left out: 1 with '
        'a box or keypoints missing.',
    ),
)
