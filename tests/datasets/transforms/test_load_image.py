import cv2
import numpy as np
import pytest
from mmpose.registry import TRANSFORMS
from torch.utils.data import DataLoader, Dataset

from self_verify_pose.datasets.transforms.load_image import (
    BrokenImageError,
    CheckedLoadImage,
)


class Images(Dataset):
    def __init__(self, paths):
        self.paths = paths

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        sample = {'img_path': str(self.paths[index])}
        return CheckedLoadImage().transform(sample)['img_path']


def broken(folder, content):
    path = folder / 'broken.jpg'
    if content is not None:
        path.write_bytes(content)
    return path


@pytest.mark.parametrize('workers', [0, 1])
@pytest.mark.parametrize(
    ('content', 'found'),
    [
        (None, 'no such file'),
        (b'', 'a file that OpenCV cannot read'),
        (b'GIF89a and nothing', 'a file that OpenCV cannot read'),
    ],
)
def test_a_broken_image_is_named_in_one_line(
    content, found, workers, tmp_path
):
    path = broken(tmp_path, content)
    with pytest.raises(BrokenImageError) as raised:
        list(DataLoader(Images([path]), num_workers=workers))
    assert str(raised.value) == (
        f'image: expected an image at {path}, found {found}; replace it, or '
        'remove it from the annotations'
    )


def test_pipelines_use_it(tmp_path):
    path = tmp_path / 'image.png'
    cv2.imwrite(str(path), np.full((3, 4, 3), 7, np.uint8))
    load = TRANSFORMS.build({'type': 'LoadImage'})
    assert isinstance(load, CheckedLoadImage)
    assert load({'img_path': str(path)})['img'].shape == (3, 4, 3)
    assert load({'img': np.zeros((2, 2, 3), np.uint8)})['img_path'] is None
