"""What images cost: loading them and drawing them."""

from collections.abc import Iterator
from functools import partial

from mmengine.dataset import pseudo_collate
from mmpose.registry import DATASETS
from torch.utils.data import DataLoader

from ...datasets.synthetic import draw_scene
from ...datasets.synthetic.drawing import encode_jpeg
from .rows import Row
from .setting import BASELINE, Setting
from .timing import median_seconds

SUITE = 'data'
DRAWN_BAR = 100.0
WORKERS = 2
_DRAWN = 25


def measure(setting: Setting) -> Iterator[Row]:
    """Measure the data pipeline against a plain step, and the drawing.

    Args:
        setting: Where and how.

    Yields:
        What was measured.
    """
    yield from _loading(setting)
    seconds = median_seconds(_draw, setting.plan, setting.device)
    yield Row(
        SUITE,
        'drawn data, one process',
        _DRAWN / seconds,
        unit='images/s',
        bar=DRAWN_BAR,
        at_least=True,
    )


def _loading(setting: Setting) -> Iterator[Row]:
    config = setting.config(BASELINE)
    dataset = DATASETS.build(config.train_dataloader.dataset)
    timed = partial(median_seconds, plan=setting.plan, device=setting.device)
    rows = range(min(setting.batch_size, len(dataset)))
    loading = timed(lambda: [dataset[i] for i in rows]) / len(rows)
    stepping = timed(setting.trainee(config).step) / setting.batch_size
    yield Row(
        SUITE,
        'loading in the training process, share of step and loading',
        loading / (loading + stepping),
        unit='',
        note=f'{loading * 1e3:.1f} ms per image beside '
        f'{stepping * 1e3:.1f} ms',
    )
    loader = DataLoader(
        dataset,
        batch_size=setting.batch_size,
        num_workers=WORKERS,
        persistent_workers=True,
        collate_fn=pseudo_collate,
        drop_last=True,
    )
    images = len(loader) * setting.batch_size
    rate = images / timed(lambda: list(loader))
    yield Row(
        SUITE,
        f'{WORKERS} workers, rate against the plain step',
        rate * stepping,
        unit='×',
        bar=1.0 if setting.device.type == 'cpu' else None,
        at_least=True,
        note=f'{rate:,.0f} against {1 / stepping:,.1f} images/s',
    )


def _draw() -> None:
    for index in range(_DRAWN):
        encode_jpeg(draw_scene(0, 'train', index).image)
