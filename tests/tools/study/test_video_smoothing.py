import numpy as np
import pytest

from self_verify_pose.engine.posthoc.persons import PredictedPersons
from self_verify_pose.tools.study import video_smoothing
from self_verify_pose.tools.study.video_smoothing import PredictedSequence


@pytest.fixture
def sequences(monkeypatch):
    """Persons at rest with some joints far off, and a trust that knows."""
    rng = np.random.default_rng(0)

    class Oracle:
        @staticmethod
        def predict(persons):
            return (persons.scores > 0.5).astype(float)

    fitted = []

    def fit(known, seed):
        fitted.append(known)
        return Oracle

    monkeypatch.setattr(video_smoothing.PosthocTrust, 'fit', fit)
    found = []
    for _ in range(4):
        truth = np.broadcast_to(rng.uniform(0, 90, (3, 2)), (14, 3, 2))
        good = rng.random((14, 3)) < 0.8
        noise = rng.normal(size=truth.shape) * np.where(good, 1, 30)[..., None]
        boxes = np.tile([0.0, 0, 90, 90], (14, 1))
        persons = PredictedPersons(truth + noise, good + 0.0, boxes)
        found.append(PredictedSequence(persons, truth, good | True))
    return found, fitted


def test_trust_is_fitted_to_the_first_half_and_weights_the_second(sequences):
    given, fitted = sequences
    table = video_smoothing.compare(given, 0)
    (known,) = fitted
    assert len(known.images) == 28
    assert set(known.images.tolist()) == {0, 1}
    assert len(table) == 5
    errors = {name: row['mean error'] for name, row in table.items()}
    assert errors['Whittaker, trust'] < errors['Whittaker, no weights']
    assert errors['Whittaker, no weights'] < errors['as predicted']
    assert table['Whittaker, trust']['parameters'].keys() == {
        'stiffness',
        'spread ratio',
    }


def test_the_table_is_printed(sequences, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(
        video_smoothing, 'predict_sequences', lambda *_: sequences[0]
    )
    out = tmp_path / 'table.json'
    files = ['--config', 'a.py', '--checkpoint', 'b.pth', '--out', str(out)]
    assert video_smoothing.main(files) == 0
    printed = capsys.readouterr().out
    assert '| Whittaker, trust | 0.' in printed
    assert '| smoother | mean error | 95 % | correct | jitter |' in printed
    assert out.is_file()
