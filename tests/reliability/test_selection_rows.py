"""Each row of selection_rows.py."""

import json

import numpy as np
import pytest
from helpers import load_tool
from row import check_message
from scored_results import scored_results
from selection_rows import ROWS


def entries(change):
    def apply(folder, options):
        found = json.loads((folder / 'scored.json').read_text())
        change(found)
        (folder / 'scored.json').write_text(json.dumps(found))

    return apply


def names(change):
    def apply(folder, options):
        content = json.loads((folder / 'images.json').read_text())
        change(content)
        (folder / 'images.json').write_text(json.dumps(content))

    return apply


def option(name, value):
    def apply(folder, options):
        options[name] = folder / value if isinstance(value, str) else value
        if value is None:
            del options[name]

    return apply


def features(**arrays):
    def apply(folder, options):
        np.savez(folder / 'features.npz', **arrays)
        options['--features'] = folder / 'features.npz'

    return apply


def no_names(folder, options):
    del options['--ann'], options['--images']


def broken_image(folder, options):
    for path in (folder / 'images').iterdir():
        path.write_text('no image')


def no_image(folder, options):
    for path in (folder / 'images').iterdir():
        path.unlink()


CHANGES = {
    'no trust': entries(lambda all_: [e.pop('keypoint_trust') for e in all_]),
    'trust of some': entries(lambda all_: all_[2].pop('keypoint_trust')),
    'trust above 1': entries(
        lambda all_: all_[2]['keypoint_trust'].__setitem__(0, 1.5)
    ),
    'NaN trust': entries(
        lambda all_: all_[2]['keypoint_trust'].__setitem__(0, float('nan'))
    ),
    'a keypoint null': entries(
        lambda all_: all_[2]['keypoints'].__setitem__(0, None)
    ),
    'no names of images': no_names,
    'an unknown image': entries(lambda all_: all_[2].update(image_id=77)),
    'no folder of images': option('--images', 'nowhere'),
    'a missing image': no_image,
    'a broken image': broken_image,
    'too many images': option('--count', 7),
    'an unknown joint': lambda _, options: options.update(
        {'--joints': 'tail'}
    ),
    'features of another kind': features(other=np.zeros(3)),
    'features of some images': features(
        image_ids=np.arange(1, 6), features=np.zeros((5, 2))
    ),
    'a skeleton of other joints': names(
        lambda content: content['categories'][0].update(skeleton=[[1, 99]])
    ),
}


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.case)
def test_row(row, tmp_path, capsys):
    scored_results(tmp_path)
    options = {
        '--ann': tmp_path / 'images.json',
        '--images': tmp_path / 'images',
        '--count': 2,
        '--out': tmp_path / 'out',
    }
    CHANGES[row.case](tmp_path, options)
    given = [tmp_path / 'scored.json']
    given += [part for pair in options.items() for part in pair]
    assert load_tool('select_images').main([*map(str, given)]) == 2
    check_message(row, capsys.readouterr().err)
    assert not [*tmp_path.glob('out/*')]
