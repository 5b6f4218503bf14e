import json
import runpy

import cv2
import mmcv
import numpy as np
import pytest
from helpers import ROOT

from self_verify_pose.apis import smooth_poses

TOOL = ROOT / 'tools' / 'visualize_trust.py'
BOX = [20, 30, 180, 250]


@pytest.fixture(scope='module')
def annotations(synthetic_coco):
    return synthetic_coco / 'annotations' / 'person_keypoints_val2017.json'


@pytest.fixture
def draw(tiny_files, tmp_path):
    """Run the tool in this process; return its folder."""
    main = runpy.run_path(str(TOOL))['main']
    out = tmp_path / 'out'

    def run(*arguments, expect=0):
        config, checkpoint = tiny_files
        given = ('--config', config, '--checkpoint', checkpoint, '--out', out)
        given += ('--device', 'cpu')
        # what is given later wins
        assert main(list(map(str, (*given, *arguments)))) == expect
        return out

    return run


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_an_image_gets_an_image_and_a_json(draw, photo, capsys):
    out = draw(photo, '--whole-image')
    assert names(out) == ['photo_trust.json', 'photo_trust.png']
    picture = cv2.imread(str(out / 'photo_trust.png'))
    height, width = cv2.imread(str(photo)).shape[:2]
    assert picture.shape[1] > 2 * picture.shape[0] * width / height * 0.7
    (person,) = json.loads((out / 'photo_trust.json').read_text())
    assert person['bbox'] == [0, 0, width, height]
    assert len(person['keypoint_trust']) == 17
    written = capsys.readouterr().out
    assert all(str(out / name) in written for name in names(out))


def test_the_boxes_are_those_of_the_file(draw, photo, clip, tmp_path):
    boxes = tmp_path / 'boxes.json'
    frames = [[BOX], [], [BOX, [0, 0, 90, 90]]]
    boxes.write_text(json.dumps({'photo.jpg': [BOX], 'clip.avi': frames}))
    out = draw(photo, clip, '--boxes', boxes, '--numbers')
    (person,) = json.loads((out / 'photo_trust.json').read_text())
    assert person['bbox'] == BOX
    found = json.loads((out / 'clip_trust.json').read_text())
    assert [frame['frame_id'] for frame in found] == [0, 1, 2]
    for frame, expected in zip(found, frames, strict=True):
        assert [p['bbox'] for p in frame['instances']] == expected
    video = mmcv.VideoReader(str(out / 'clip_trust.mp4'))
    assert (video.frame_cnt, video.fps) == (3, 12.5)
    drawn = [frame.astype(float) for frame in video]
    assert np.abs(drawn[0] - drawn[1]).mean() > 0.1  # nobody in the second


def test_a_video_is_smoothed(draw, clip, tmp_path):
    boxes = tmp_path / 'boxes.json'
    moved = [BOX[0] + 3, *BOX[1:]]
    frames = [[BOX], [BOX], [moved, [0, 0, 9, 9]]]
    boxes.write_text(json.dumps({'clip.avi': frames}))
    out = draw(clip, '--boxes', boxes, '--smooth')
    found = json.loads((out / 'clip_trust.json').read_text())
    persons = [[p['person'] for p in one['instances']] for one in found]
    assert persons == [[0], [0], [0, 1]]
    points, smoothed, trust = (
        np.array([one['instances'][0][name] for one in found])
        for name in ('keypoints', 'keypoints_smoothed', 'keypoint_trust')
    )
    np.testing.assert_allclose(smoothed, smooth_poses(points, trust))
    alone = found[2]['instances'][1]
    assert alone['keypoints_smoothed'] == alone['keypoints']
    video = mmcv.VideoReader(str(out / 'clip_trust.mp4'))
    assert video.frame_cnt == 3


def test_annotated_images_show_what_is_wrong(
    draw, synthetic_coco, annotations
):
    image = synthetic_coco / 'val2017' / '000002000001.jpg'
    out = draw(image, '--coco', annotations)
    found = json.loads((out / '000002000001_trust.json').read_text())
    persons = json.loads(annotations.read_text())['annotations']
    expected = [p for p in persons if p['image_id'] == 2000001]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one['bbox'][:2] == pytest.approx(other['bbox'][:2], abs=0.1)


def test_a_folder_gets_contact_sheets(draw, synthetic_coco, annotations):
    out = draw(
        synthetic_coco / 'val2017',
        *('--coco', annotations, '--num', 2, '--persons', 4),
    )
    assert names(out) == ['best.png', 'typical.png', 'worst.png']
    sheets = [cv2.imread(str(out / name)) for name in names(out)]
    assert all(sheet.min() < 50 < 200 < sheet.max() for sheet in sheets)
    assert (sheets[0] != sheets[2]).any()  # one person each, of four


def test_a_full_disk_is_one_line(draw, photo, clip, tiny_disk, capsys):
    (tiny_disk / 'filler').write_bytes(bytes(220 * 1024))
    out = tiny_disk / 'out'
    for given in (photo, clip):
        draw(given, '--whole-image', '--out', out, expect=2)
        message = capsys.readouterr().err
        assert 'No space left' in message or 'make space' in message
    assert not list(out.glob('*.json'))


def refused(draw, capsys, message, *arguments):
    out = draw(*arguments, expect=2)
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_inputs_that_cannot_be_drawn_stop_the_run(
    draw, capsys, photo, clip, synthetic_coco, annotations, tmp_path
):
    text = tmp_path / 'text.jpg'
    text.write_text('no picture')
    video = tmp_path / 'text.mp4'
    video.write_text('no video')
    whole, coco = '--whole-image', ('--coco', annotations)
    folder = synthetic_coco / 'val2017'
    copy = tmp_path / 'copy' / 'photo.png'
    copy.parent.mkdir()
    cv2.imwrite(str(copy), np.zeros((9, 9, 3)))
    for message, *arguments in (
        ('nothing at nowhere.jpg', photo, 'nowhere.jpg', whole),
        (f'found {text}', photo, text, whole),
        (f'found {video}', photo, video, whole),
        ('expected a folder alone', folder, whole),
        ('expected a folder alone', folder, photo, *coco),
        ('--coco: expected images, found a video', clip, *coco),
        ('--smooth: expected a video', photo, whole, '--smooth'),
        ('of different names', photo, copy, whole),
        ('photo.jpg, found none', photo, *coco),
        ('nothing there', photo, '--coco', 'nowhere.json'),
        ('config: expected a file', photo, whole, '--config', 'none.py'),
        ('nothing at none.pth', photo, whole, '--checkpoint', 'none.pth'),
    ):
        refused(draw, capsys, message, *arguments)


def test_wrong_boxes_stop_the_run(draw, capsys, photo, tmp_path):
    boxes = tmp_path / 'boxes.json'
    boxes.write_text('{"photo.jpg": [[9, 9, 1, 1]]}')
    refused(draw, capsys, 'photo.jpg: expect', photo, '--boxes', boxes)


def test_other_joints_stop_the_run(
    draw, capsys, synthetic_coco, annotations, tmp_path
):
    content = json.loads(annotations.read_text())
    for person in content['annotations']:
        person['keypoints'] = person['keypoints'][:45]
    other = tmp_path / 'other.json'
    other.write_text(json.dumps(content))
    message = 'expected 17 joints a person'
    refused(draw, capsys, message, synthetic_coco / 'val2017', '--coco', other)


@pytest.mark.parametrize(
    'arguments',
    [
        (),
        ('--whole-image', '--boxes', 'a.json'),
        ('--whole-image', '--num', '0'),
        ('--whole-image', '--persons', '-1'),
    ],
)
def test_the_command_line_is_checked(draw, photo, arguments, capsys):
    with pytest.raises(SystemExit) as error:
        draw(photo, *arguments)
    assert error.value.code == 2
    assert 'usage' in capsys.readouterr().err
