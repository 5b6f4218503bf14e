import os
import sys
from unittest import mock

import pytest
from helpers import ROOT


@pytest.mark.slow
def test_the_tutorial_runs(tiny_files, synthetic_coco, tmp_path):
    nbclient = pytest.importorskip('nbclient')
    nbformat = pytest.importorskip('nbformat')
    pytest.importorskip('ipykernel')
    book = nbformat.read(ROOT / 'demo' / 'tutorial.ipynb', as_version=4)
    given = {
        'TUTORIAL_CONFIG': str(tiny_files[0]),
        'TUTORIAL_CHECKPOINT': str(tiny_files[1]),
        'TUTORIAL_DATA': str(synthetic_coco),
        'PATH': f'{os.path.dirname(sys.executable)}:{os.environ["PATH"]}',
        'PYTHONWARNINGS': 'ignore',
    }
    with mock.patch.dict(os.environ, given):
        nbclient.NotebookClient(
            book,
            timeout=300,
            kernel_name='python3',
            resources={'metadata': {'path': str(tmp_path)}},
        ).execute()
    if folder := os.environ.get('TUTORIAL_OUT'):  # to look at
        nbformat.write(book, os.path.join(folder, 'tutorial.ipynb'))
    shown = [
        output
        for cell in book.cells
        for output in cell.get('outputs', ())
        if 'image/png' in output.get('data', {})
    ]
    assert len(shown) == 2
    texts = [
        output['text']
        for cell in book.cells
        for output in cell.get('outputs', ())
        if output.get('name') == 'stdout'
    ]
    assert any(text.count('trust 0.') == 17 for text in texts)
    assert any('keypoint_trust   AUROC 0.' in text for text in texts)


def test_the_tutorial_is_kept_without_outputs():
    text = (ROOT / 'demo' / 'tutorial.ipynb').read_text()
    assert '"output_type"' not in text
