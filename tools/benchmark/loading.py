"""What images cost: loading them and drawing them."""

from collections.abc import Iterator
from functools import partial

from mmengine.dataset import pseudo_collate
from mmpose.registry import DATASETS
from torch.utils.data import DataLoader

from self_verify_pose.datasets.synthetic import draw_scene
from self_verify_pose.datasets.synthetic.drawing import encode_jpeg
from self_verify_pose.tools.benchmark.context import BASELINE, BenchmarkContext
from self_verify_pose.tools.benchmark.results import BenchmarkResult
from self_verify_pose.tools.benchmark.timing import median_seconds

SUITE = 'data'
DRAWN_BAR = 100.0
WORKERS = 2
_DRAWN = 25


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Measure the data pipeline against a plain step, and the drawing.

    Args:
        context: Where and how.

    Yields:
        What was measured.
    """
    yield from _loading(context)
    seconds = median_seconds(_draw, context.plan, context.device)
    yield BenchmarkResult(
        SUITE,
        'drawn data, one process',
        _DRAWN / seconds,
        unit='images/s',
        bar=DRAWN_BAR,
        at_least=True,
    )


def _loading(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    config = context.config(BASELINE)
    dataset = DATASETS.build(config.train_dataloader.dataset)
    timed = partial(median_seconds, plan=context.plan, device=context.device)
    rows = range(min(context.batch_size, len(dataset)))
    loading = timed(lambda: [dataset[i] for i in rows]) / len(rows)
    stepping = timed(context.training(config).step) / context.batch_size
    yield BenchmarkResult(
        SUITE,
        'loading in the training process, share of step and loading',
        loading / (loading + stepping),
        unit='',
        note=f'{loading * 1e3:.1f} ms per image beside '
        f'{stepping * 1e3:.1f} ms',
    )
    loader = DataLoader(
        dataset,
        batch_size=context.batch_size,
        num_workers=WORKERS,
        persistent_workers=True,
        collate_fn=pseudo_collate,
        drop_last=True,
    )
    images = len(loader) * context.batch_size
    rate = images / timed(lambda: list(loader))
    yield BenchmarkResult(
        SUITE,
        f'{WORKERS} workers, rate against the plain step',
        rate * stepping,
        unit='×',
        bar=1.0 if context.device.type == 'cpu' else None,
        at_least=True,
        note=f'{rate:,.0f} against {1 / stepping:,.1f} images/s',
    )


def _draw() -> None:
    for index in range(_DRAWN):
        encode_jpeg(draw_scene(0, 'train', index).image)
