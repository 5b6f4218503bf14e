import pytest
from evaluation_sets import OCHUMAN, SETS, lay_out, load_evaluation
from mmpose.registry import DATASETS


@pytest.mark.parametrize('name', SETS)
def test_a_missing_annotation_file_is_named(name, tmp_path):
    config = load_evaluation(name, tmp_path)
    variable, annotations, _ = SETS[name]
    with pytest.raises(FileNotFoundError) as caught:
        DATASETS.build(config.test_dataloader.dataset)
    message = str(caught.value)
    assert f'annotation file {tmp_path / annotations}, found' in message
    assert f'set {variable} to' in message
    assert not message.startswith('COCO')


@pytest.mark.parametrize('name', SETS)
def test_missing_images_are_counted_and_named(name, tmp_path):
    lay_out(name, tmp_path)
    variable, _, images = SETS[name]
    config = load_evaluation(name, tmp_path)
    assert len(DATASETS.build(config.test_dataloader.dataset))
    if images:
        (tmp_path / images).unlink()
        (tmp_path / images).mkdir()
    else:
        sorted(tmp_path.glob('*.png'))[0].unlink()
    with pytest.raises(
        FileNotFoundError,
        match=rf'expected the \d images of .*, found [1-3] missing, first '
        rf'{tmp_path}.*(jpg|png); set {variable} to',
    ):
        DATASETS.build(config.test_dataloader.dataset)


def test_a_missing_image_folder_is_named(tmp_path):
    lay_out(OCHUMAN, tmp_path)
    (tmp_path / 'images').unlink()
    config = load_evaluation(OCHUMAN, tmp_path)
    with pytest.raises(FileNotFoundError, match='the image folder'):
        DATASETS.build(config.test_dataloader.dataset)
