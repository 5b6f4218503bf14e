"""Results in COCO format.

`eval_trust --ann` reads them, and training with the source `agreement`; the
checks of fields are shared.
"""

from row import Row


def _refused(case: str, given: str, words: str) -> Row:
    return Row(case, given, f'refused: results.json: {words}')


# by all readers
FIELDS = (
    _refused('no JSON', 'a text', 'expected JSON, found something else'),
    _refused(
        'annotations',
        'an object',
        'expected a list with one entry per predicted person, found {',
    ),
    _refused('empty', 'no entries', 'expected predictions, found an empty'),
    _refused(
        'entry null', 'a null', 'entry 1: expected an object, found null'
    ),
    _refused(
        'image missing',
        "no 'image_id'",
        "entry 1: expected 'image_id', found only",
    ),
    _refused(
        'image null',
        'image_id null',
        'entry 1: image_id: expected an integer or a text, found null',
    ),
    _refused(
        'image with fraction',
        'image_id 10.0',
        'entry 1: image_id: expected an integer or a text, found 10.0',
    ),
    _refused(
        'image ids of two types',
        'integers and texts',
        'image_id: expected ids of one type, found integers and texts (10 and '
        '"10")',
    ),
    _refused(
        'keypoints missing',
        "no 'keypoints'",
        "entry 1: expected 'keypoints', found only",
    ),
    _refused(
        'keypoints null',
        'keypoints null',
        'entry 1: keypoints: expected a list of numbers, found null',
    ),
    _refused(
        'keypoints short',
        '50 numbers',
        'entry 1: keypoints: expected x, y and score of the same keypoints in '
        'every entry, found 50 numbers, in entry 0 51',
    ),
    _refused(
        'keypoints empty in all',
        'keypoints []',
        'entry 0: keypoints: expected x, y and score of the same keypoints',
    ),
    _refused(
        'keypoint a text',
        'x as text',
        'entry 1: keypoints: expected numbers, found "3" at position 0',
    ),
    _refused(
        'keypoint true',
        'a score true',
        'entry 1: keypoints: expected numbers, found true at position 2',
    ),
    _refused(
        'box null',
        'bbox null in all',
        'entry 0: bbox: expected a list of 4 numbers, found null',
    ),
    _refused(
        'box in one',
        'bbox in one entry',
        "expected 'bbox' in all entries or in none, found it in 1 of 6, "
        'missing first in entry 0',
    ),
    _refused(
        'box of five',
        'bbox with a score',
        'entry 0: bbox: expected 4 numbers, found 5',
    ),
    _refused(
        'score null',
        'score null',
        'entry 1: score: expected a number, found null',
    ),
    _refused(
        'score missing in the first',
        'a score in all entries but the first',
        "expected 'score' in all entries or in none, found it in 5 of 6, "
        'missing first in entry 0',
    ),
    _refused(
        'id null',
        'ann_id null',
        'entry 1: ann_id: expected an integer or a text, found null',
    ),
    _refused(
        'id missing in one',
        'ann_id in all but one',
        "expected 'ann_id' in all entries or in none, found it in 5 of 6",
    ),
    _refused(
        'id repeated',
        'a person twice',
        'ann_id: expected each id once, found 1 repeated, first 500, 2 times',
    ),
)

# by the evaluation alone
EVALUATED = (
    _refused(
        'trust missing in the first',
        'keypoint_trust in all entries but the first',
        "expected 'keypoint_trust' in all entries or in none, found it in 5 "
        'of 6, missing first in entry 0',
    ),
    _refused(
        'another score missing in the first',
        'a list of 17 numbers in all entries but the first',
        "expected 'my_score' in all entries or in none, found it in 5 of 6",
    ),
    _refused(
        'trust null',
        'keypoint_trust null',
        'entry 1: keypoint_trust: expected a list of 17 numbers, found null',
    ),
    _refused(
        'trust of 16',
        'keypoint_trust of 16 numbers in all entries',
        'entry 0: keypoint_trust: expected 17 numbers, found 16',
    ),
    _refused(
        'trust with texts',
        'keypoint_trust of texts',
        'entry 1: keypoint_trust: expected 17 numbers, found "0.5"',
    ),
    _refused(
        'trust NaN at a labeled joint',
        'NaN where there is a label',
        'keypoint_trust: expected finite values, found … NaN or infinite at '
        'labeled joints, first at person 501',
    ),
    _refused(
        'keypoint null at a labeled joint',
        'null where there is a label',
        'predicted keypoints: expected finite values, found … NaN or infinite '
        'at labeled joints, first at person 501',
    ),
    _refused(
        'unknown image',
        'the id of an image that is not annotated',
        "expected in 'image_id' the ids of the annotations (int, such as 10), "
        'found 1 of 4 that are not among them, first 99 (int)',
    ),
    _refused(
        'unknown person',
        'the id of a person that is not annotated',
        "expected in 'ann_id' the ids of the annotations (int, such as 500), "
        'found 1 of 6 that are not among them, first 7 (int)',
    ),
    _refused(
        'person of another image',
        'ann_id and image_id that do not belong together',
        "expected the 'image_id' 10 of the annotation at 'ann_id' 501, found "
        '12',
    ),
    _refused(
        'ids that cannot be read',
        'image_id "a", "b", "c"',
        "expected in 'image_id' the ids of the annotations (int, such as 10), "
        'found 3 of 3 that are not among them, first "a" (str)',
    ),
    _refused(
        'ids that may be two',
        'image_id "1", a file name of one image and the number of another',
        "expected in 'image_id' the ids of the annotations, found … (str), "
        'which may be … by number and by file name',
    ),
    _refused(
        'boxes are corners',
        'bbox as x0, y0, x1, y1',
        'bbox: expected x, y, width and height, found boxes of which 6 of 6 '
        'overlap an annotated person as corners',
    ),
    _refused(
        'boxes far away',
        'boxes of other persons',
        'expected predictions of annotated persons, found none by box overlap',
    ),
    _refused(
        'half of the persons',
        '3 of 6 persons predicted',
        'expected a match for most of the 6 annotated persons, found none for '
        '3; … --allow-partial',
    ),
    _refused(
        'persons twice without ids',
        '12 predictions of 6 persons',
        'expected a match for most of the 12 predictions, found none for 6; '
        '… --allow-partial',
    ),
    _refused(
        'other joints',
        '14 joints',
        'expected 17 joints per person, as in the annotations, found 14',
    ),
)

# what the notes of the evaluation say, on the console and in report.md
UNDERSTOOD = (
    Row(
        'image ids as text', 'image_id "10"', 'read as the number 10; said so'
    ),
    Row(
        'image ids padded',
        'image_id "000010"',
        'read as the number 10; said so',
    ),
    Row(
        'file names',
        'image_id "0.jpg"',
        'read as the id of that image; said so',
    ),
    Row(
        'file names without ending',
        'image_id "0"',
        'read as the id of that image; said so',
    ),
    Row(
        'file names with folders',
        'image_id "a/0.jpg"',
        'read as the id of that image; said so',
    ),
    Row(
        'person ids as text', 'ann_id "500"', 'read as the number 500; said so'
    ),
    Row(
        'person ids padded',
        'ann_id "000500"',
        'read as the number 500; said so',
    ),
    Row('integer scores', 'trust 0 and 1', 'evaluated'),
    Row(
        'null where no label is',
        'x, y and score null at joints without label',
        'the figures of the clean file; counted',
    ),
    Row(
        'NaN where no label is',
        'NaN at joints without label',
        'the figures of the clean file; counted',
    ),
    Row(
        'NaN where no label is, without ids',
        'the same, matched by keypoints',
        'the figures of the clean file; counted',
    ),
    Row(
        'a pose in one point',
        'all joints of a person at one point',
        'evaluated; the score by bone lengths is 0',
    ),
    Row(
        'nothing detected',
        'all joints of a person at 0, 0',
        'evaluated as wrong; counted',
    ),
    Row(
        'a crowd predicted',
        'a prediction for a person that is not evaluated',
        'left out; counted',
    ),
    Row(
        'a person not predicted',
        '5 of 6 persons predicted',
        'evaluated; counted',
    ),
)

ROWS = (*FIELDS, *EVALUATED, *UNDERSTOOD)
