"""Selection of images to label.

`select_images.py` with scored results, names of images and features. It is
refused with exit code 2 and one sentence before anything is written.
"""

from row import Row

ROWS = (
    Row(
        'no trust',
        'results without `keypoint_trust`',
        "refused: scored.json: expected 'keypoint_trust' in every entry, "
        'found none; add it with apply_trust.py',
    ),
    Row(
        'trust of some',
        '`keypoint_trust` in some entries',
        "refused: scored.json: expected 'keypoint_trust' in all entries or in "
        'none',
    ),
    Row(
        'trust above 1',
        'a trust of 1.5',
        'refused: scored.json: keypoint_trust: expected probabilities in '
        '[0, 1], found … to 1.5',
    ),
    Row(
        'NaN trust',
        'a trust of NaN',
        'refused: scored.json: keypoint_trust: expected probabilities in '
        '[0, 1], found nan',
    ),
    Row(
        'a keypoint null',
        'x of a joint null',
        'refused: scored.json: expected finite keypoints and scores',
    ),
    Row(
        'no names of images',
        'neither `--ann` nor `--images`',
        'refused: --ann: expected a file with the names and sizes … found '
        'neither',
    ),
    Row(
        'an unknown image',
        'an `image_id` that `--ann` does not have',
        "refused: scored.json: expected in 'image_id' the ids … found 1",
    ),
    Row(
        'no folder of images',
        '`--images` of a folder that is not there',
        'refused: --images: expected a folder, found none at',
    ),
    Row(
        'a missing image',
        'a name of `--ann` that is not in the folder',
        'refused: --images: expected the image … found nothing there',
    ),
    Row(
        'a broken image',
        'a file that is no image',
        'refused: --images: expected an image, found … which OpenCV cannot '
        'read',
    ),
    Row(
        'too many images',
        '`--count` above the number of images',
        'refused: count: expected 1 to 6 images, as there are, found 7',
    ),
    Row(
        'an unknown joint',
        '`--joints` of a name that the skeleton does not have',
        'refused: --joints: expected some of joint 0, joint 1, joint 2, …, '
        'found tail; correct it',
    ),
    Row(
        'features of another kind',
        '`--features` of an npz file with other fields',
        'refused: features.npz: expected an npz file with image_ids (M,) and '
        'features (M, F), found something else',
    ),
    Row(
        'features of some images',
        'an image missing in `--features`',
        'refused: features.npz: image_ids: expected all 6 images … found that '
        '1 are missing, first 6',
    ),
    Row(
        'a skeleton of other joints',
        'a link of `--ann` to joint 99',
        'refused: categories[0]: skeleton: expected pairs of 1 to 17, found '
        '[1, 99]',
    ),
)
