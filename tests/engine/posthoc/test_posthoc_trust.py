import dataclasses

import numpy as np
import pytest
from posthoc_persons import make_persons
from sklearn.metrics import roc_auc_score

from self_verify_pose.engine.posthoc import model_choice
from self_verify_pose.engine.posthoc.evidence import joint_evidence
from self_verify_pose.engine.posthoc.posthoc_trust import PosthocTrust
from self_verify_pose.engine.posthoc.storage import load_trust, save_trust


@pytest.fixture(scope='module')
def known():
    return make_persons(joints=17)


@pytest.fixture(scope='module')
def trust(known):
    return PosthocTrust.fit(known)


def evaluate(trust, known):
    predicted = trust.predict(known.persons)
    labeled = known.labeled
    return roc_auc_score(known.correct[labeled], predicted[labeled])


def test_places_are_learned_where_scores_tell_nothing(trust):
    assert trust.kind != 'map'
    assert trust.found.gain > 5 * trust.found.error > 0
    others = make_persons(joints=17, seed=1)
    assert evaluate(trust, others) > 0.85
    assert trust.found.auroc == pytest.approx(evaluate(trust, others), abs=0.1)
    calibrated = trust.predict(others.persons)[others.labeled]
    assert calibrated.mean() == pytest.approx(0.6, abs=0.06)


def test_any_number_of_joints_is_learned():
    trust = PosthocTrust.fit(make_persons(joints=5))
    assert evaluate(trust, make_persons(joints=5, seed=1)) > 0.85


def test_the_map_stays_where_the_score_knows_all():
    known = make_persons(count=120, informative=True)
    trust = PosthocTrust.fit(known)
    assert trust.kind == 'map'
    assert trust.model is None
    assert trust.found.gain == 0
    assert trust.found.auroc == trust.found.map_auroc


def test_a_fit_is_the_same_each_time_and_survives_its_file(
    known, trust, tmp_path
):
    path = tmp_path / 'trust.json'
    save_trust(path, trust, {'persons': 60})
    loaded, about = load_trust(path)
    assert about == {'persons': 60}
    assert loaded.found == trust.found
    again = PosthocTrust.fit(known)
    expected = trust.predict(known.persons)
    np.testing.assert_array_equal(loaded.predict(known.persons), expected)
    np.testing.assert_array_equal(again.predict(known.persons), expected)


def test_evidence_does_not_depend_on_the_place_in_the_image(known):
    persons = known.persons
    logits = np.zeros(persons.scores.shape)
    moved = persons._replace(
        keypoints=persons.keypoints + 40,
        boxes=persons.boxes + 40,
    )
    pairs = zip(
        joint_evidence(moved, logits),
        joint_evidence(persons, logits),
        strict=True,
    )
    for found, expected in pairs:
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_person_does_not_depend_on_the_others(known, trust):
    alone = trust.predict(known.persons.take(np.arange(7, 8)))
    np.testing.assert_allclose(
        alone, trust.predict(known.persons)[7:8], atol=1e-6
    )


def test_no_person_gets_no_trust(known, trust):
    nobody = known.persons.take(np.zeros(0, int))
    assert trust.predict(nobody).shape == (0, 17)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda k: k.take(np.arange(12)), 'at least 20 labeled persons'),
        (lambda k: k._replace(images=k.images * 0), 'found 60 in 1'),
        (
            lambda k: k._replace(correct=k.correct | True),
            'correct and wrong joints',
        ),
    ],
)
def test_too_little_to_learn_from_is_refused(known, change, message):
    with pytest.raises(ValueError, match=message):
        PosthocTrust.fit(change(known))


def test_other_joints_are_refused(trust):
    with pytest.raises(ValueError, match=r'expected 17 joints.*found 6'):
        trust.predict(make_persons(joints=6).persons)


def test_a_file_of_something_else_is_refused(trust, tmp_path):
    path = tmp_path / 'trust.json'
    with pytest.raises(FileNotFoundError, match='fit_trust'):
        load_trust(path)
    save_trust(path, trust, {})
    text = path.read_text()
    for old, new in [
        ('posthoc trust 1', 'posthoc trust 9'),
        ('"share"', '"shares"'),
        ('"trees"', '"forest"'),
        ('"linear"', '"forest"'),
        ('"slope": [', '"slope": ["a", '),
        ('{', '[{'),
        (text, '[]'),
        (text, '7'),
        (text, '{"format": 1'),
    ]:
        path.write_text(text.replace(old, new, 1))
        if path.read_text() == text:
            continue  # of the other kind of model
        with pytest.raises(ValueError, match='expected a file of fit_trust'):
            load_trust(path)


def test_trust_without_a_slope_is_the_share_of_correct_joints(known, trust):
    constant = dataclasses.replace(trust, scale=0.0, shift=0.0)
    np.testing.assert_array_equal(constant.predict(known.persons), 0.5)


def test_the_choice_is_made_with_whole_images(known, monkeypatch):
    seen = []

    def stop(part, seed):
        seen.append(part)
        raise RuntimeError

    monkeypatch.setattr(model_choice, '_MAX_PERSONS', 21)
    monkeypatch.setattr(model_choice, '_cross_validate', stop)
    with pytest.raises(RuntimeError):
        model_choice.choose_model(known, 0)
    (part,) = seen
    assert len(part.images) == 22  # two in each image
    assert (np.unique(part.images, return_counts=True)[1] == 2).all()
