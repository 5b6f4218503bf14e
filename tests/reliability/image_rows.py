"""Exports, and images that are not those of the annotations.

What is checked before a training or a test starts, and before the tools load
images: the annotations as Label Studio, CVAT, Roboflow and RectLabel export
them, the size of each image, and the fields that `CocoMetric` reads.
"""

from row import Row


def _refused(case: str, given: str, words: str) -> Row:
    return Row(case, given, f'refused: ann.json: {words}')


ROWS = (
    Row('images in sub-folders', 'file_name "train/a.jpg"', 'read'),
    Row('categories from 2 on', 'category_id 2, in categories', 'read'),
    Row(
        'bare export',
        'no iscrowd, no num_keypoints, no area, without CocoMetric',
        'read',
    ),
    Row('further fields', 'license, attributes, segmentation null', 'read'),
    _refused(
        'image missing',
        'an image that is not there',
        'file_name: expected the image … 1.jpg, found nothing there; give the '
        "folder that 'file_name' begins in",
    ),
    _refused(
        'backslashes',
        'file_name "train\\\\a.jpg"',
        'file_name: expected the image … found nothing there; give the folder '
        "that 'file_name' begins in, with / between folders",
    ),
    _refused(
        'image ids as text',
        'id "10" of all images',
        'images[0]: id: expected an integer, which MMPose needs, found "10"; '
        'number the images',
    ),
    _refused(
        'person ids as text',
        'id "500" of all persons',
        'annotations[0]: id: expected an integer, which MMPose needs, found '
        '"500"; number the annotations',
    ),
    _refused(
        'no file name',
        "images without 'file_name'",
        "images[1]: expected 'file_name', which MMPose needs",
    ),
    _refused(
        'no category',
        "persons without 'category_id'",
        "annotations[1]: expected 'category_id', which MMPose needs",
    ),
    _refused(
        'two skeletons',
        'two categories with other keypoints',
        'expected the same keypoints for all annotations, found lists of '
        'lengths [42, 51]; keep one category',
    ),
    _refused(
        'another size',
        'an image that was scaled after it was annotated',
        'width and height: expected the size of … which is 200 x 150 pixels, '
        'found 400 x 300',
    ),
    _refused(
        'turned by EXIF',
        'a photograph that OpenCV turns when it loads it',
        'width and height: expected the size of … which is 300 x 400 pixels '
        'after EXIF has turned it, found 400 x 300',
    ),
    _refused(
        'no area',
        "persons without 'area'",
        "annotations[0]: expected 'area' (area of the person in square "
        'pixels, such as .53 of the box), which CocoMetric reads … add it to '
        'all annotations before training',
    ),
    Row('no crowd flag', "persons without 'iscrowd'", 'read'),
    _refused(
        'no count of keypoints',
        "persons without 'num_keypoints'",
        "annotations[0]: expected 'num_keypoints' (number of labeled "
        'keypoints), which CocoMetric reads',
    ),
    _refused(
        'category not listed',
        'category_id 0 where the categories begin with 1',
        "annotations[0]: category_id: expected an id of 'categories' ([1]), "
        'which CocoMetric evaluates, found 0',
    ),
    _refused(
        'no categories',
        "a file without 'categories'",
        "annotations[0]: category_id: expected an id of 'categories' ([])",
    ),
)
