"""Time and memory of a training step."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .context import BenchmarkContext, Changes, TrainingSetup
from .memory import peak_of_steps
from .results import BenchmarkResult, result_of


@dataclass(frozen=True)
class Variant:
    """A kind of training whose step has a threshold.

    Args:
        name: Its name.
        config: Its config.
        threshold: Largest ratio to a step of plain RTMPose-S that passes.
        changes: Options to set in the config.
        cpu_only: The threshold holds on CPUs only.
    """

    name: str
    config: str
    threshold: float
    changes: Changes = field(default_factory=dict)
    cpu_only: bool = False


VARIANTS = (
    Variant(
        'selfverify_cycle: pose, consistency, trust', 'selfverify_cycle', 2.05
    ),
    Variant(
        'consistency as label only',
        'selfverify_cycle',
        1.40,
        {'model.consistency_cfg.loss_weight': 0.0},
    ),
    Variant(
        'frozen pose network, online consistency',
        'selfverify_cycle',
        0.72,
        {'model.full_param_train': False},
    ),
    Variant('solvability online, free', 'solvability', 1.10, cpu_only=True),
    Variant(
        'solvability online, fk',
        'solvability',
        1.20,
        {'model.solvability_cfg.teacher': 'fk'},
        cpu_only=True,
    ),
)
CACHED_THRESHOLDS = {'images': 0.36, 'features': 0.02}
MEMORY_THRESHOLD = 2.1


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Compare training steps with one of plain RTMPose-S.

    Args:
        context: Data, device and plan.

    Yields:
        Ratios of the times, and of the peak memory.
    """
    plain = context.training('baseline')
    on_cpu = context.device.type == 'cpu'
    for variant in VARIANTS:
        training = context.training(variant.config, variant.changes)
        # some thresholds are a few hundredths above what is measured
        timing = context.compare(training.step, plain.step, times=3)
        yield result_of(
            variant.name,
            timing,
            context.batch_size,
            variant.threshold if on_cpu or not variant.cpu_only else None,
        )
    for source, threshold in CACHED_THRESHOLDS.items():
        training = _cached_training(context, source)
        timing = context.compare(training.step, plain.step)
        name = f'cached labels, from {source}'
        yield result_of(name, timing, context.batch_size, threshold)
    yield _measure_memory(context)


def _cached_training(context: BenchmarkContext, source: str) -> TrainingSetup:
    features = context.cache.with_suffix('.features.npy')
    return context.training(
        'solvability_cached_trusthead',
        POSE_CKPT=str(context.checkpoint),
        PSEUDO_TRUST_CACHE=str(context.cache),
        PSEUDO_TRUST_FEATURES=(str(features) if source == 'features' else ''),
    )


def _measure_memory(context: BenchmarkContext) -> BenchmarkResult:
    ours = peak_of_steps(context, 'selfverify_cycle')
    plain = peak_of_steps(context, 'baseline')
    return BenchmarkResult(
        'peak memory of the selfverify_cycle step',
        ours / plain,
        threshold=MEMORY_THRESHOLD,
        note=f'{ours / 2**20:,.0f} MiB against {plain / 2**20:,.0f} MiB',
        details={'bytes': ours, 'baseline bytes': plain},
    )
