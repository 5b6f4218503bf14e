"""How often promises are broken, over splits of images."""

import json

import numpy as np
import pytest
from decision_files import write_files

from self_verify_pose.tools.study import guarantees
from self_verify_pose.tools.study.guarantees import (
    flagged,
    main,
    read_pool,
    splits,
)


@pytest.fixture
def folder(tmp_path):
    """Files of scores that say nothing more than the trust does."""
    write_files(tmp_path, images=120)
    path = tmp_path / 'scored.json'
    entries = json.loads(path.read_text())
    for entry in entries:
        del entry['keypoint_trust']
    path.write_text(json.dumps(entries))
    return tmp_path


def test_files_are_pooled_with_their_own_images(folder):
    results, ann = folder / 'scored.json', folder / 'ann.json'
    pool = read_pool([results, results], [ann, ann])
    assert len(pool.images) == 320
    assert len(np.unique(pool.images)) == 240
    (chosen,) = splits(pool.images, 1)
    assert len(np.unique(pool.images[chosen])) == 160
    assert not set(pool.images[chosen]) & set(pool.images[~chosen])


class ScoreAsTrust:
    """Trust that is the score, and costs nothing to fit."""

    @classmethod
    def fit(cls, known, seed):
        return cls()

    def predict(self, persons):
        return persons.scores


def test_a_table_of_broken_promises_is_printed(folder, capsys, monkeypatch):
    monkeypatch.setattr(guarantees, 'PosthocTrust', ScoreAsTrust)
    given = ['--results', folder / 'scored.json', '--ann']
    given += [folder / 'ann.json', '--risks', '.2', '--splits', '4']
    assert main([*map(str, given)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith('| risk | score | no threshold | kept')
    cells = [line.strip('|').split('|') for line in lines[2:4]]
    assert [one[1].strip() for one in cells] == [
        *('keypoint_scores', 'keypoint_trust')
    ]
    for one in cells:
        none, kept, broken, plain = map(float, one[2:])
        assert none < 1
        assert 0 < kept <= 1
        assert broken <= 0.5
        assert plain <= 0.5
    assert lines[4].startswith('flagged, like images: 0.')


def test_unlike_images_are_flagged():
    rng = np.random.default_rng(0)
    means = rng.normal(0.7, 0.1, (150, 4))
    assert flagged(means, 10) <= 0.2
    assert flagged(means, 10, means - 0.2) == 1
