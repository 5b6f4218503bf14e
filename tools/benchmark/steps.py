"""What a training step costs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from self_verify_pose.tools.benchmark.context import (
    BASELINE,
    CACHED,
    SELFVERIFY,
    SOLVABILITY,
    BenchmarkContext,
    Changes,
    TrainingSetup,
)
from self_verify_pose.tools.benchmark.memory import peak_of_steps
from self_verify_pose.tools.benchmark.results import BenchmarkResult, result_of
from self_verify_pose.tools.benchmark.timing import PairedTiming, alternate

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


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Compare training steps with one of plain RTMPose-S.

    Args:
        context: Where and how.

    Yields:
        What was measured.
    """
    plain = context.training(context.config(BASELINE))
    for variant in VARIANTS:
        training = context.training(
            context.config(variant.config, variant.changes)
        )
        bar = variant.bar
        if variant.cpu_only and context.device.type != 'cpu':
            bar = None
        # some bars are a few hundredths above what is measured
        found = compare(context, training, plain, times=3)
        yield result_of(SUITE, variant.what, found, context.batch_size, bar)
    for kind, bar in CACHED_BARS.items():
        what = f'cached labels, from {kind}'
        found = compare(context, _cached(context, kind), plain)
        yield result_of(SUITE, what, found, context.batch_size, bar)
    yield _memory(context)


def compare(
    context: BenchmarkContext,
    training: TrainingSetup,
    plain: TrainingSetup,
    times: int = 1,
) -> PairedTiming:
    """Take steps of two trainings by turns, so many times the plan."""
    plan = context.plan.times(times)
    return alternate(training.step, plain.step, plan, context.device)


def _cached(context: BenchmarkContext, kind: str) -> TrainingSetup:
    cache = context.cache
    features = cache.with_suffix('.features.npy')
    config = context.config(
        CACHED,
        POSE_CKPT=str(context.checkpoint),
        PSEUDO_TRUST_CACHE=str(cache),
        PSEUDO_TRUST_FEATURES=str(features if kind == 'features' else 'none'),
    )
    return context.training(config)


def _memory(context: BenchmarkContext) -> BenchmarkResult:
    peaks = {
        name: peak_of_steps(context, name) for name in (SELFVERIFY, BASELINE)
    }
    mine, plain = peaks.values()
    return BenchmarkResult(
        SUITE,
        'peak memory of the selfverify_cycle step',
        mine / plain,
        bar=MEMORY_BAR,
        note=f'{mine / 2**20:,.0f} MiB against {plain / 2**20:,.0f} MiB',
        details={'bytes': mine, 'baseline bytes': plain},
    )
