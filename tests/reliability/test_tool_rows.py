"""Each row of tool_rows.py."""

import json

import cv2
import numpy as np
import pytest
from helpers import load_tool
from prediction_files import annotations, results
from row import check_message
from tool_rows import ROWS


@pytest.fixture
def broken(tmp_path):
    truth = annotations()
    found = results(truth)
    truth['annotations'][1]['bbox'] = None
    (tmp_path / 'ann.json').write_text(json.dumps(truth))
    (tmp_path / 'results.json').write_text(json.dumps(found))
    (tmp_path / 'images').mkdir()
    for image in truth['images']:
        blank = np.zeros((image['height'], image['width'], 3), np.uint8)
        cv2.imwrite(str(tmp_path / 'images' / image['file_name']), blank)
    return tmp_path


def arguments(tool, folder, config, checkpoint):
    ann, out = folder / 'ann.json', folder / 'out'
    data = 'val_dataloader.dataset'
    return {
        'eval_trust': [folder / 'results.json', '--ann', ann, '--out', out],
        'calibrate_trust': [
            *(config, checkpoint, '--ann', ann, '--out', f'{out}.pth'),
            *('--images', folder / 'images'),
        ],
        'generate_solvability_cache': [
            *(config, checkpoint, '--split', 'val', '--out', f'{out}.npz'),
            *('--cfg-options', f'{data}.ann_file={ann}'),
            f'{data}.data_prefix.img={folder / "images"}',
        ],
        'visualize_trust': [
            *(folder / 'images', '--coco', ann, '--out', out),
            *('--config', config, '--checkpoint', checkpoint),
        ],
    }[tool]


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.case)
def test_row(row, broken, tiny_files, capsys):
    before = set(broken.iterdir())
    given = map(str, arguments(row.case, broken, *tiny_files))
    assert load_tool(row.case).main(list(given)) == 2
    check_message(row, capsys.readouterr().err)
    assert set(broken.iterdir()) == before
