import json
import runpy

import cv2
import mmcv
import pytest
from helpers import ROOT
from mmpose.visualization import PoseLocalVisualizer

from self_verify_pose.constants import TRUST


@pytest.fixture
def demo(tiny_files, tmp_path):
    """Run the demo in this process; return its folder."""
    main = runpy.run_path(str(ROOT / 'demo' / 'trust_demo.py'))['main']
    config, checkpoint = map(str, tiny_files)
    out = tmp_path / 'out'

    def run(*arguments, expect=0):
        given = ('--config', config, '--checkpoint', checkpoint)
        given += ('--out', str(out), '--device', 'cpu')
        assert main([*map(str, arguments), *given]) == expect
        return out

    return run


def test_an_image_and_a_folder_are_drawn(demo, photo, capsys):
    out = demo(photo)
    assert (out / 'visualizations' / 'photo.jpg').is_file()
    (person,) = json.loads((out / 'predictions/photo.json').read_text())
    trusted = sum(value >= 0.5 for value in person[TRUST])
    printed = capsys.readouterr().out
    assert f'1 images, 1 persons, {trusted} of 17 joints' in printed
    folder = photo.parent / 'images'
    folder.mkdir()
    (folder / 'a.jpg').write_bytes(photo.read_bytes())
    assert (demo(folder) / 'visualizations' / 'a.jpg').is_file()


def test_a_video_is_drawn(demo, clip, capsys):
    out = demo(clip)
    assert '3 images, 3 persons' in capsys.readouterr().out
    video = mmcv.VideoReader(str(out / 'visualizations' / 'clip.avi'))
    assert video.frame_cnt == 3


def test_a_webcam_is_drawn_and_shown(demo, clip, monkeypatch):
    """A file stands for the camera, and nothing for the window."""
    opened, shown = [], []
    capture = cv2.VideoCapture

    def open_camera(index):
        opened.append(index)
        return capture(str(clip))

    monkeypatch.setattr(cv2, 'VideoCapture', open_camera)
    monkeypatch.setattr(cv2, 'waitKey', lambda delay: -1)
    monkeypatch.setattr(
        PoseLocalVisualizer, 'show', lambda self, *_, **__: shown.append(1)
    )
    monkeypatch.setenv('DISPLAY', ':0')
    out = demo('webcam:1')
    assert opened[0] == 1
    assert len(shown) == 3
    frames = json.loads((out / 'predictions' / 'webcam.json').read_text())
    assert len(frames) == 3
    assert len(frames[0]['instances'][0][TRUST]) == 17


def test_without_a_display_nothing_is_shown(demo, photo, monkeypatch, capsys):
    for name in ('DISPLAY', 'WAYLAND_DISPLAY'):
        monkeypatch.delenv(name, raising=False)
    demo(photo, '--show', expect=2)
    assert 'show: expected a display, found none' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        (('webcam:77',), 'expected a camera at webcam:77, found none'),
        (('nowhere.jpg',), 'found nothing at nowhere.jpg'),
        (('a.jpg', '--det-model', 'rtmdet-m'), 'det_cat_ids: expected'),
    ],
)
def test_wrong_input_is_one_line(demo, capsys, given, message):
    out = demo(*given, expect=2)
    error = capsys.readouterr().err
    assert f'trust_demo.py: {message}' in error or message in error
    assert not (out / 'predictions').exists()
