import base64
import io
import json

import numpy as np
import pytest
from evaluation_inputs import make_joints
from PIL import Image

from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    evaluate_predictions,
)
from self_verify_pose.metrics.evaluation.report.gallery_images import (
    ImageFolder,
)
from self_verify_pose.metrics.evaluation.report.page_data import page_data

COLOR = (10, 200, 30)


@pytest.fixture
def folder(tmp_path):
    """Write the images of made-up persons and name them in a file."""
    ids = np.unique(make_joints().truth.image_ids).tolist()
    images = [
        {'id': n, 'file_name': f'{n}.jpg', 'width': 500, 'height': 500}
        for n in ids
    ]
    ann = tmp_path / 'ann.json'
    ann.write_text(json.dumps({'images': images, 'annotations': []}))
    for one in images:
        Image.new('RGB', (500, 500), COLOR).save(tmp_path / one['file_name'])
    return ImageFolder.read(tmp_path, ann)


def test_persons_are_cut_out_of_their_images(folder):
    report = evaluate_predictions(make_joints(), EvalConfig(n_bootstrap=0))
    truth = report.predictions.truth
    folder.check(truth.image_ids.tolist())
    by_id = {str(n): k for k, n in enumerate(truth.person_ids.tolist())}
    persons = page_data(report, folder)['persons']
    assert persons
    for person in persons:
        picture, box = person['picture'], truth.boxes[by_id[person['id']]]
        margin = 0.15 * max(box[2:] - box[:2])
        assert picture['x'] == pytest.approx(box[0] - margin, abs=1)
        end = picture['y'] + picture['height']
        assert end == pytest.approx(box[3] + margin, abs=2)
        data = base64.b64decode(picture['source'].split(',')[1])
        shown = Image.open(io.BytesIO(data))
        assert shown.height <= 200
        middle = shown.getpixel((shown.width // 2, shown.height // 2))
        assert np.allclose(middle, COLOR, atol=12)


def test_broken_images_are_counted_and_the_first_is_named(folder):
    ids = list(folder.names)
    missing, text, cut = (folder.folder / f'{n}.jpg' for n in ids[-3:])
    missing.unlink()
    text.write_text('no image')
    cut.write_bytes(cut.read_bytes()[:-300])
    folder.check(ids[:-3])
    for broken, reason in (
        (ids[-3], 'no such file'),
        (ids[-2], 'cannot identify image file'),
        (ids[-1], 'truncated'),
    ):
        with pytest.raises(ValueError, match=f'first .*{broken}.*{reason}'):
            folder.check([*ids[:-3], broken, broken])
    with pytest.raises(
        ValueError,
        match=rf'expected the {len(ids)} images .* found 3 that .*{ids[-3]}',
    ):
        folder.check(ids)


def test_a_missing_folder_or_annotation_file_is_named(tmp_path):
    with pytest.raises(ValueError, match='--images: expected --ann'):
        ImageFolder.read(tmp_path, None)
    with pytest.raises(FileNotFoundError, match='expected a folder'):
        ImageFolder.read(tmp_path / 'none', tmp_path / 'ann.json')
