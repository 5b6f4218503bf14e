"""Progress bar and summary table of the generation of a trust cache."""

import numpy as np
from mmengine.dist import get_dist_info
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from ..datasets.trust_cache.schema import DEGENERATE, Columns
from .cache_writer import CacheWriter

_CONVERGED = 0
_BINS = 10
_BAR_WIDTH = 20  # characters


class _Rate(ProgressColumn):
    """Samples per second."""

    def render(self, task: Task) -> Text:
        return Text(f'{task.speed or 0:.1f}/s')


def write_with_progress(
    writer: CacheWriter, console: Console
) -> Columns | None:
    """Make a cache and show a progress bar in the first process.

    Args:
        writer: The cache to make.
        console: Receives the progress bar.

    Returns:
        The arrays of the cache; None in all processes but the first.

    Raises:
        OSError: If a file cannot be written, e.g. because the disk is full.
        ValueError: If a resumed run was started with other options.
    """
    rank, world = get_dist_info()
    progress = Progress(
        TextColumn('computing targets'),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
        disable=rank != 0,
    )
    total = sum(len(batch) for batch in writer.batches[rank::world])
    with progress:
        task = progress.add_task('', total=total)
        for count in writer.run():
            progress.advance(task, count)
    return writer.finish()


def summary_table(
    columns: Columns, writer: CacheWriter, seconds: float
) -> Table:
    """Summarize the targets of a cache and the time of each stage.

    Args:
        columns: The arrays of the cache.
        writer: The writer that made them.
        seconds: Duration of the run.

    Returns:
        A table with the number of persons and joints, the rate of
        convergence, a histogram of the targets and the times.
    """
    trust, status = columns['pseudo_trust'], columns['status']
    targets = trust[np.isfinite(trust)]
    fitted = int((status != DEGENERATE).sum())
    converged = (status == _CONVERGED).sum() / max(fitted, 1)
    table = Table(title=str(writer.job.out), title_justify='left')
    table.add_column('')
    table.add_column('', justify='right')
    table.add_row('persons', f'{len(trust)}')
    table.add_row('labeled joints', f'{len(targets)}')
    table.add_row('converged', f'{converged:.1%} of {fitted} fitted')
    counts, edges = np.histogram(targets, _BINS, (0, 1))
    for count, low, high in zip(counts, edges, edges[1:], strict=False):
        share = count / max(len(targets), 1)
        bar = '█' * round(_BAR_WIDTH * share)
        table.add_row(f'trust {low:.1f} to {high:.1f}', f'{bar} {share:.1%}')
    rate = writer.made / seconds
    table.add_row('samples per second and process', f'{rate:.1f}')
    total = sum(writer.seconds.values()) or 1.0
    for name, value in writer.seconds.items():
        table.add_row(f'time {name}', f'{value:.1f} s, {value / total:.0%}')
    return table
