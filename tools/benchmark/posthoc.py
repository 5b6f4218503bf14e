"""Time to fit trust to a file of predictions, and to apply it."""

from collections.abc import Iterator

import numpy as np

from self_verify_pose.engine.posthoc.persons import (
    LabeledPersons,
    PredictedPersons,
)
from self_verify_pose.engine.posthoc.posthoc_trust import PosthocTrust
from self_verify_pose.skeleton import NUM_JOINTS

from .context import BenchmarkContext
from .results import BenchmarkResult
from .timing import time_once

PERSONS = 10_000
FIT_THRESHOLD, APPLY_THRESHOLD = 60.0, 20_000.0
_BOX = (120.0, 200.0)


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Measure :class:`PosthocTrust` on 10,000 persons in memory.

    Args:
        context: Plan; a fit is timed once.

    Yields:
        Time of a fit with the choice of its model, and persons a second that
        get their trust from boosted trees. Reading of files is not in them.
    """
    known = random_persons(PERSONS)
    fitted: list[PosthocTrust] = []
    yield BenchmarkResult(
        f'PosthocTrust.fit on {PERSONS:,} persons',
        time_once(
            lambda: fitted.append(PosthocTrust.fit(known)), context.device
        ),
        unit='s',
        threshold=FIT_THRESHOLD,
        note=f'{int(known.labeled.sum()):,} labeled joints',
    )
    (trust,) = fitted
    seconds = context.seconds(lambda: trust.predict(known.persons))
    yield BenchmarkResult(
        f'PosthocTrust.predict on {PERSONS:,} persons',
        PERSONS / seconds,
        unit='persons/s',
        threshold=APPLY_THRESHOLD,
        higher_is_better=True,
        note=f'model: {trust.kind}',
        details={'seconds': seconds},
    )


def random_persons(count: int) -> LabeledPersons:
    """Make persons whose wrong joints lie far from a common pose.

    Scores tell little, so that a fit chooses boosted trees.

    Args:
        count: Number of persons; two are in each image.

    Returns:
        The persons.
    """
    rng = np.random.default_rng(0)
    shape = count, NUM_JOINTS
    common = rng.uniform(-0.4, 0.4, (NUM_JOINTS, 2))
    correct = rng.random(shape) < 0.7
    spread = np.where(correct, 0.05, 0.2)[..., None]
    points = common + spread * rng.normal(size=(*shape, 2))
    corner = rng.uniform(0, 400, (count, 2))
    boxes = np.hstack([corner, corner + _BOX])
    center = corner + np.array(_BOX) / 2
    persons = PredictedPersons(
        center[:, None] + points * max(_BOX),
        0.2 * correct + rng.random(shape),
        boxes,
    )
    labeled = rng.random(shape) < 0.75
    return LabeledPersons(persons, correct, labeled, np.arange(count) // 2)
