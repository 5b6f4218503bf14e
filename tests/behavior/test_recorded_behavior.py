"""Today's figures equal those that were recorded with version 0.1.0."""

import json

import pytest
import record
from helpers import build_estimator

pytestmark = pytest.mark.filterwarnings('ignore')
WEIGHTS = record.RECORD.with_name('trust_head_0.1.0.json')
# of a number, relative; other processors sum in another order
TOLERANCE = 1e-5


@pytest.mark.skipif(
    not record.is_available(), reason='needs the real data of ../shared'
)
@pytest.mark.parametrize(
    'batches', [1, pytest.param(record.BATCHES, marks=pytest.mark.slow)]
)
def test_losses_predictions_and_report_equal_the_record(batches: int) -> None:
    recorded = json.loads(record.RECORD.read_text())
    training = recorded['training']
    recorded['training'] = {k: rows[:batches] for k, rows in training.items()}
    found = record.record(batches)
    differences = record.differences(recorded, found, TOLERANCE)
    assert not list(differences)


def test_weights_of_a_trust_head_keep_names_and_shapes() -> None:
    state = build_estimator().state_dict()
    shapes = {
        name: list(value.shape)
        for name, value in state.items()
        if name.startswith('trust_head.')
    }
    recorded = json.loads(WEIGHTS.read_text())
    assert shapes.items() >= recorded.items()
    added = shapes.keys() - recorded.keys()
    anchor = ('scale', 'shift', 'share', 'domain_weight', 'domain_bias')
    assert added == {f'trust_head.anchor.{name}' for name in anchor}
