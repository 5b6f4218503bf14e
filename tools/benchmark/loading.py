"""Time of loading images and of drawing synthetic ones."""

from collections.abc import Iterator

from mmengine.dataset import pseudo_collate
from mmpose.registry import DATASETS
from torch.utils.data import DataLoader

from self_verify_pose.datasets.synthetic import draw_scene
from self_verify_pose.datasets.synthetic.drawing import encode_jpeg

from .context import BenchmarkContext
from .results import BenchmarkResult

DRAWING_THRESHOLD = 100.0
WORKERS = 2
_IMAGES = 25


def measure(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    """Compare loading with a plain training step, and time the drawing.

    Args:
        context: Data, device and plan.

    Yields:
        Share of loading in one process, ratio of the rates with worker
        processes, and synthetic images per second.
    """
    yield from _measure_loading(context)
    yield BenchmarkResult(
        'synthetic data, one process',
        _IMAGES / context.seconds(_draw_images),
        unit='images/s',
        threshold=DRAWING_THRESHOLD,
        higher_is_better=True,
    )


def _measure_loading(context: BenchmarkContext) -> Iterator[BenchmarkResult]:
    config = context.config('baseline')
    dataset = DATASETS.build(config.train_dataloader.dataset)
    samples = range(min(context.batch_size, len(dataset)))
    loading = context.seconds(lambda: [dataset[i] for i in samples])
    loading /= len(samples)
    step = context.seconds(context.training('baseline').step)
    step /= context.batch_size
    yield BenchmarkResult(
        'loading in the training process, share of step and loading',
        loading / (loading + step),
        unit='',
        note=f'{loading * 1e3:.1f} ms per image beside {step * 1e3:.1f} ms',
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
    rate = images / context.seconds(lambda: list(loader))
    yield BenchmarkResult(
        f'{WORKERS} workers, rate against the plain step',
        rate * step,
        threshold=1.0 if context.device.type == 'cpu' else None,
        higher_is_better=True,
        note=f'{rate:,.0f} against {1 / step:,.1f} images/s',
    )


def _draw_images() -> None:
    for index in range(_IMAGES):
        encode_jpeg(draw_scene(0, 'train', index).image)
