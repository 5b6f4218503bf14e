"""Measure two pieces of work by turns."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

import torch

Work = Callable[[], object]


@dataclass(frozen=True)
class Plan:
    """How often something is measured.

    Args:
        repeats: Measurements, of which the median counts; at least 1.
        warmup: Runs before them that do not count.
    """

    repeats: int = 10
    warmup: int = 2

    def times(self, factor: int) -> 'Plan':
        """Return a plan of more repeats, for a bar of a few per cent."""
        return replace(self, repeats=factor * self.repeats)


@dataclass(frozen=True)
class PairedTiming:
    """Seconds of two pieces of work that were run by turns.

    Args:
        candidate: Seconds of each run.
        baseline: Seconds of the run right before each of them.
    """

    candidate: list[float]
    baseline: list[float]

    @property
    def ratio(self) -> float:
        """Median of the ratios of neighboring runs.

        What slows the machine for a while slows both of them.
        """
        pairs = zip(self.candidate, self.baseline, strict=True)
        return median(one / other for one, other in pairs)

    def details(self) -> dict[str, float]:
        """Return the medians in seconds and the range of the ratios."""
        pairs = zip(self.candidate, self.baseline, strict=True)
        ratios = [one / other for one, other in pairs]
        return {
            'seconds': median(self.candidate),
            'baseline seconds': median(self.baseline),
            'smallest ratio': min(ratios),
            'largest ratio': max(ratios),
            'runs': len(ratios),
        }


def seconds_of(work: Work, device: torch.device) -> float:
    """Time one run.

    Args:
        work: What to run.
        device: A GPU is waited for, before and after.

    Returns:
        Wall seconds.
    """
    _wait(device)
    begin = time.perf_counter()
    work()
    _wait(device)
    return time.perf_counter() - begin


def median_seconds(work: Work, plan: Plan, device: torch.device) -> float:
    """Time a piece of work by itself.

    Args:
        work: What to run.
        plan: How often.
        device: See :func:`seconds_of`.

    Returns:
        Median of the wall seconds.
    """
    for _ in range(plan.warmup):
        work()
    return median(seconds_of(work, device) for _ in range(plan.repeats))


def alternate(
    candidate: Work, baseline: Work, plan: Plan, device: torch.device
) -> PairedTiming:
    """Time two pieces of work by turns.

    Args:
        candidate: What is judged.
        baseline: What it is compared with; runs first.
        plan: How often.
        device: See :func:`seconds_of`.

    Returns:
        The seconds of both.
    """
    for _ in range(plan.warmup):
        baseline()
        candidate()
    found = PairedTiming([], [])
    for _ in range(plan.repeats):
        found.baseline.append(seconds_of(baseline, device))
        found.candidate.append(seconds_of(candidate, device))
    return found


def _wait(device: torch.device) -> None:
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
