import cv2
import pytest

from self_verify_pose.tools import draw_solvability

pytest.importorskip('pytorch_kinematics')


def test_every_figure_is_drawn(tmp_path):
    draw_solvability.main(['--out', str(tmp_path / 'images')])
    names = {path.stem for path in (tmp_path / 'images').glob('*.png')}
    assert {'good_fit', 'corrected_outlier', 'failure_swap'} <= names
    for path in (tmp_path / 'images').glob('*.png'):
        image = cv2.imread(str(path))
        assert min(image.shape[:2]) > 200
        assert image.std() > 5
