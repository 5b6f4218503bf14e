"""Wall time of one function, or of two functions in alternation.

``torch.utils.benchmark.Timer`` measures one statement after another; here
the two functions of a pair alternate, so that a machine that is slow for a
while slows both of them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import torch

Work = Callable[[], object]


@dataclass(frozen=True)
class Plan:
    """Number of runs of a measurement.

    Args:
        repeats: Timed runs, whose median is reported; at least 1.
        warmup: Runs before them that are not timed.
    """

    repeats: int = 10
    warmup: int = 2


@dataclass(frozen=True)
class PairedTiming:
    """Times of two functions that ran in alternation.

    Args:
        candidate: Seconds of each run of the candidate.
        baseline: Seconds of the run of the baseline right before each.
    """

    candidate: list[float]
    baseline: list[float]

    @property
    def ratios(self) -> list[float]:
        """Candidate's time divided by the baseline's, of each pair."""
        pairs = zip(self.candidate, self.baseline, strict=True)
        return [candidate / baseline for candidate, baseline in pairs]

    @property
    def ratio(self) -> float:
        """Median of the ratios of all pairs."""
        return median(self.ratios)

    def details(self) -> dict[str, float]:
        """Summarize the measurement for a report.

        Returns:
            Medians in seconds, range of the ratios, and number of pairs.
        """
        return {
            'seconds': median(self.candidate),
            'baseline seconds': median(self.baseline),
            'smallest ratio': min(self.ratios),
            'largest ratio': max(self.ratios),
            'runs': len(self.ratios),
        }


def time_once(work: Work, device: torch.device) -> float:
    """Time one run of a function.

    Args:
        work: The function.
        device: Device it uses; a GPU is synchronized before and after.

    Returns:
        Wall time in seconds.
    """
    _synchronize(device)
    begin = time.perf_counter()
    work()
    _synchronize(device)
    return time.perf_counter() - begin


def median_seconds(work: Work, plan: Plan, device: torch.device) -> float:
    """Time a function by itself.

    Args:
        work: The function.
        plan: Number of runs.
        device: Device it uses, see :func:`time_once`.

    Returns:
        Median wall time in seconds.
    """
    for _ in range(plan.warmup):
        work()
    return median(time_once(work, device) for _ in range(plan.repeats))


def alternate(
    candidate: Work, baseline: Work, plan: Plan, device: torch.device
) -> PairedTiming:
    """Time two functions in alternation.

    Args:
        candidate: The function to be measured.
        baseline: The function it is compared with; runs first.
        plan: Number of runs of each.
        device: Device both use, see :func:`time_once`.

    Returns:
        The times of both.
    """
    for _ in range(plan.warmup):
        baseline()
        candidate()
    timing = PairedTiming([], [])
    for _ in range(plan.repeats):
        timing.baseline.append(time_once(baseline, device))
        timing.candidate.append(time_once(candidate, device))
    return timing


def _synchronize(device: torch.device) -> None:
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
