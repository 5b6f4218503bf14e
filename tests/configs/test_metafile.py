"""The model index of mim: every config, and figures of docs/results.md."""

import re
from pathlib import Path

import pytest
import yaml
from helpers import ROOT
from mmengine.infer import BaseInferencer
from modelindex.load_model_index import load

INDEX = yaml.safe_load((ROOT / 'model-index.yml').read_text())
METAFILE = yaml.safe_load((ROOT / 'configs' / 'metafile.yml').read_text())
MODELS = METAFILE['Models']
# the settings of caches, and what only belongs to other configs
UNNAMED = ('_base_', 'evaluation', 'quick')
SETS = {
    'COCO_MINI, 309 persons of COCO val2017': 'coco_mini val2017',
    'LSPET, 500 persons': 'lspet_eval',
}
COLUMNS = {'AUROC': 3, 'AURC': 7, 'ECE of equal mass': 8, 'Brier': 9}


def test_every_config_is_listed():
    assert INDEX == {'Import': ['configs/metafile.yml']}
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / 'configs').rglob('*.py')
        if path.parent.name not in UNNAMED
        and not path.name.startswith('cachegen_')
    }
    listed = {m['Config']: m['Name'] for m in MODELS if 'Config' in m}
    assert set(listed) == found
    assert all(Path(path).stem == name for path, name in listed.items())


def test_mim_and_the_inferencers_read_it():
    index = load(str(ROOT / '.mim' / 'model-index.yml'))
    assert len(index.models.data) == len(MODELS)
    folder = Path(BaseInferencer._get_repo_or_mim_dir('self_verify_pose'))
    models = list(BaseInferencer._get_models_from_metafile(str(folder)))
    assert [one['Name'] for one in models] == [one['Name'] for one in MODELS]
    for one in models:
        if 'Config' in one:
            assert (folder / one['Config']).is_file()
            assert one['Weights'] is None


def row_of(title: str, score: str) -> list[str]:
    """Return the cells of a row of a table of docs/results.md."""
    text = (ROOT / 'docs' / 'results.md').read_text()
    (section,) = re.findall(
        rf'^### {title}\n(.*?)(?=^##|\Z)', text, re.M | re.S
    )
    (row,) = re.findall(rf'^\| ({re.escape(score)} \|.*)\|$', section, re.M)
    return [cell.strip() for cell in row.split('|')]


@pytest.mark.parametrize(
    'model', [m for m in MODELS if 'Results' in m], ids=lambda m: m['Name']
)
def test_figures_are_those_of_the_results(model):
    assert len(model['Results']) == 4
    for result in model['Results']:
        data, view = result['Dataset'].rsplit(', ', 1)
        cells = row_of(f'{SETS[data]}, {view}', model['Metadata']['Score'])
        found = {
            name: float(cells[column].split()[0])
            for name, column in COLUMNS.items()
        }
        assert result['Metrics'] == found
