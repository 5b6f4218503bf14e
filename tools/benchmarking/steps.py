"""What a training step costs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .memory import peak_of_steps
from .rows import Row, row_of
from .setting import (
    BASELINE,
    CACHED,
    SELFVERIFY,
    SOLVABILITY,
    Changes,
    Setting,
    Trainee,
)
from .timing import Comparison, alternate

SUITE = 'step'


@dataclass(frozen=True)
class Variant:
    """A way to train that has a bar.

    Args:
        what: Its name.
        config: Its config.
        bar: Largest ratio to a step of plain RTMPose-S.
        changes: Options to set in the config.
        cpu_only: The bar is one for CPUs.
    """

    what: str
    config: str
    bar: float
    changes: Changes = field(default_factory=dict)
    cpu_only: bool = False


VARIANTS = (
    Variant('selfverify_cycle: pose, consistency, trust', SELFVERIFY, 2.05),
    Variant(
        'consistency as label only',
        SELFVERIFY,
        1.40,
        {'model.consistency_cfg.loss_weight': 0.0},
    ),
    Variant(
        'frozen pose network, online consistency',
        SELFVERIFY,
        0.72,
        {'model.full_param_train': False},
    ),
    Variant('solvability online, free', SOLVABILITY, 1.10, cpu_only=True),
    Variant(
        'solvability online, fk',
        SOLVABILITY,
        1.20,
        {'model.solvability_cfg.teacher': 'fk'},
        cpu_only=True,
    ),
)
CACHED_BARS = {'images': 0.36, 'features': 0.02}
MEMORY_BAR = 2.1


def measure(setting: Setting) -> Iterator[Row]:
    """Compare training steps with one of plain RTMPose-S.

    Args:
        setting: Where and how.

    Yields:
        What was measured.
    """
    plain = setting.trainee(setting.config(BASELINE))
    for variant in VARIANTS:
        trainee = setting.trainee(
            setting.config(variant.config, variant.changes)
        )
        bar = variant.bar
        if variant.cpu_only and setting.device.type != 'cpu':
            bar = None
        # some bars are a few hundredths above what is measured
        found = compare(setting, trainee, plain, times=3)
        yield row_of(SUITE, variant.what, found, setting.batch_size, bar)
    for kind, bar in CACHED_BARS.items():
        what = f'cached labels, from {kind}'
        found = compare(setting, _cached(setting, kind), plain)
        yield row_of(SUITE, what, found, setting.batch_size, bar)
    yield _memory(setting)


def compare(
    setting: Setting, trainee: Trainee, plain: Trainee, times: int = 1
) -> Comparison:
    """Take steps of two trainings by turns, so many times the plan."""
    plan = setting.plan.times(times)
    return alternate(trainee.step, plain.step, plan, setting.device)


def _cached(setting: Setting, kind: str) -> Trainee:
    cache = setting.cache
    features = cache.with_suffix('.features.npy')
    config = setting.config(
        CACHED,
        POSE_CKPT=str(setting.checkpoint),
        PSEUDO_TRUST_CACHE=str(cache),
        PSEUDO_TRUST_FEATURES=str(features if kind == 'features' else 'none'),
    )
    return setting.trainee(config)


def _memory(setting: Setting) -> Row:
    peaks = {
        name: peak_of_steps(setting, name) for name in (SELFVERIFY, BASELINE)
    }
    mine, plain = peaks.values()
    return Row(
        SUITE,
        'peak memory of the selfverify_cycle step',
        mine / plain,
        bar=MEMORY_BAR,
        note=f'{mine / 2**20:,.0f} MiB against {plain / 2**20:,.0f} MiB',
        details={'bytes': mine, 'baseline bytes': plain},
    )
