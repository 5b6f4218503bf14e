"""One batched Levenberg–Marquardt loop for every teacher.

The objective of one sample, with everything in units of person size:

    E(θ) = Σ_j w_j ρ(|P_j(θ) - p_j|) + Σ_j |(P_j(θ) - m_j) / s_j|² + |r(θ)|²

P projects the body θ, p are the keypoints with weights w (visibility over
variance), ρ(e) = c² e² / (c² + e²) is the Geman–McClure loss, m ± s is what
the pose prior says and r are the body's own residuals (lengths, limits, …) in
standard deviations. Damping, acceptance and stopping are per sample, so a
sample's result does not depend on its neighbors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from .terms import DataTerm, Targets, data_term

FIRST_DAMPING, LARGEST_DAMPING = 1.0, 1e6
# Stopped samples leave the loop once fewer than this share are running.
COMPACT = 0.75
# Up to so many samples, as in a training step, a GPU is never waited for;
# with more, what leaving samples save is worth the wait.
UNWATCHED = 4096
CONVERGED, ITERATION_LIMIT, DEGENERATE = 0, 1, 2


class NormalEquations(NamedTuple):
    """The objective at θ, expanded to second order.

    Attributes:
        energy: E (B,).
        gradient: Half the gradient (B, N).
        hessian: Half the Gauss–Newton Hessian (B, N, N); curvature beyond it
            enters only where it is positive.
    """

    energy: Tensor
    gradient: Tensor
    hessian: Tensor


class Body(Protocol):
    """A parametrized body."""

    def project(self, unknowns: Tensor) -> tuple[Tensor, Tensor]:
        """Projected joints P (B, 17, 2) at θ (B, N) and dP/dθ (B, 34, N)."""
        ...

    def expand(
        self, unknowns: Tensor, attract: Callable[[Tensor], DataTerm]
    ) -> NormalEquations:
        """Expand ``attract(P(θ))`` plus the body's own |r(θ)|² at θ."""
        ...


@dataclass(frozen=True)
class Fit:
    """Result of ``fit``.

    Attributes:
        unknowns: θ* (B, N).
        energy: E(θ*) (B,).
        converged: (B,) bool.
        history: Energy after each iteration (B, iterations); constant once a
            sample has stopped.
    """

    unknowns: Tensor
    energy: Tensor
    converged: Tensor
    history: Tensor


def _step(normal: NormalEquations, damping: Tensor) -> Tensor:
    """Damped Gauss–Newton step (B, N); NaN where it is not defined."""
    hessian = normal.hessian.clone()
    diagonal = hessian.diagonal(dim1=1, dim2=2)
    diagonal.add_(damping[:, None] * diagonal.clamp(min=1e-3))
    factor, failed = torch.linalg.cholesky_ex(hessian)
    step = -torch.cholesky_solve(normal.gradient[..., None], factor)[..., 0]
    return step.masked_fill((failed > 0)[:, None], torch.nan)


def _choose(better: Tensor, pairs: list[tuple[Tensor, Tensor]]) -> list:
    """Rows of the first of each pair where better, else of the second.

    Few rows are worse, so on a CPU copying them, into the first tensors,
    costs far less than a ``where``. A GPU would be waited for.
    """
    if better.device.type == 'cpu':
        worse = (~better).nonzero()[:, 0]
        for new, old in pairs:
            new[worse] = old[worse]
        return [new for new, _ in pairs]
    return [
        torch.where(better.view(-1, *[1] * (new.ndim - 1)), new, old)
        for new, old in pairs
    ]


def _predicted_drop(normal: NormalEquations, step: Tensor) -> Tensor:
    """Drop of energy (B,) that the linearization promises for a step."""
    curve = (normal.hessian @ step[..., None])[..., 0]
    return -((2 * normal.gradient + curve) * step).sum(1)


def _adapt(
    gain: Tensor, damping: Tensor, growth: Tensor
) -> tuple[Tensor, Tensor]:
    """New damping from the gain ratio (B,): kept promise, less damping.

    Source: Nielsen, Damping parameter in Marquardt's method, IMM-REP-1999-05,
    eq. 2.5.
    """
    better = gain >= 0
    shrink = (1 - (2 * gain - 1) ** 3).clamp(0.1, 2.0)
    damping = torch.where(better, damping * shrink, damping * growth)
    growth = torch.where(better, 2.0, 2 * growth)
    return damping.clamp(min=1e-9), growth


@dataclass(frozen=True)
class _State:
    """Samples that are still in the loop; ``rows`` says which."""

    rows: Tensor
    here: Tensor
    normal: NormalEquations
    damping: Tensor
    growth: Tensor
    stop: Tensor
    targets: Targets

    def take(self, rows: Tensor) -> _State:
        """The samples at ``rows``."""
        return _State(
            self.rows[rows],
            self.here[rows],
            NormalEquations(*(value[rows] for value in self.normal)),
            self.damping[rows],
            self.growth[rows],
            self.stop[rows],
            self.targets.take(rows),
        )


def _begin(
    body: Body, start: Tensor, targets: Targets, width: float
) -> _State:
    """The state before the first step."""
    normal = body.expand(start, data_term(targets, width))
    return _State(
        torch.arange(len(start), device=start.device),
        start,
        normal,
        torch.full_like(normal.energy, FIRST_DAMPING),
        torch.full_like(normal.energy, 2.0),
        torch.zeros_like(normal.energy, dtype=torch.bool),
        targets,
    )


def _advance(
    body: Body, state: _State, width: float, tolerance: float
) -> _State:
    """One damped step of every sample that has not stopped."""
    old = state.normal
    step = _step(old, state.damping)
    trial = state.here + step
    new = body.expand(trial, data_term(state.targets, width))
    drop = old.energy - new.energy
    better = (drop >= 0) & ~state.stop
    gain = drop / _predicted_drop(old, step).clamp(min=1e-12)
    damping, growth = _adapt(
        gain.nan_to_num(-1.0), state.damping, state.growth
    )
    small = drop <= tolerance * old.energy.clamp(min=1e-6)
    pairs = zip((trial, *new), (state.here, *old), strict=True)
    here, *normal = _choose(better, list(pairs))
    return _State(
        state.rows,
        here,
        NormalEquations(*normal),
        damping,
        growth,
        state.stop | (better & small) | (state.damping > LARGEST_DAMPING),
        state.targets,
    )


def _waits(start: Tensor) -> bool:
    """Tell whether the loop may read back which samples have stopped."""
    return start.device.type == 'cpu' or len(start) > UNWATCHED


class AsyncFlag:
    """News from a GPU that nobody waits for."""

    def __init__(self) -> None:
        """Expect nothing yet."""
        self._sent: tuple[Tensor, torch.cuda.Event] | None = None

    def says(self, flag: Tensor) -> bool:
        """Tell whether a flag is known to have been True.

        Args:
            flag: Boolean scalar on the GPU. It is sent unless an earlier one
                is still on its way.

        Returns:
            True once a flag has arrived that was; often some calls later.
        """
        if not flag.is_cuda:
            return False
        if self._sent is None:
            host_buffer = torch.empty((), dtype=torch.bool, pin_memory=True)
            host_buffer.copy_(flag, non_blocking=True)
            event = torch.cuda.Event()
            event.record()
            self._sent = host_buffer, event
            return False
        host_buffer, event = self._sent
        if not event.query():
            return False
        self._sent = None
        return bool(host_buffer)


def fit(
    body: Body,
    start: Tensor,
    targets: Targets,
    width: float,
    iterations: int,
    tolerance: float,
) -> Fit:
    """Minimise the objective from one start per sample.

    A step is taken when it lowers the energy, and the damping follows how
    well the drop was predicted. A sample stops when a step changes its energy
    by less than ``tolerance`` of it or when no damping helps.

    Args:
        body: The parametrized body.
        start: θ (B, N).
        targets: What to fit.
        width: Width c of the robust loss in units of size.
        iterations: At most this many.
        tolerance: Relative change of energy at which a sample stops.

    Returns:
        The best unknowns found for each sample.
    """
    unknowns, energy = start.clone(), start.new_empty(len(start))
    converged = torch.zeros_like(energy, dtype=torch.bool)
    history = start.new_empty(len(start), iterations)
    state = _begin(body, start, targets, width)
    waits = _waits(start)
    message = AsyncFlag()
    for iteration in range(iterations):
        state = _advance(body, state, width, tolerance)
        unknowns[state.rows] = state.here
        energy[state.rows] = state.normal.energy
        converged[state.rows] = state.stop
        history[:, iteration:] = energy[:, None]
        if not waits:
            if message.says(state.stop.all()):
                break
            continue
        running = ~state.stop
        if not running.any():
            break
        if running.sum() < COMPACT * len(running):
            state = state.take(running.nonzero()[:, 0])
    return Fit(unknowns, energy, converged, history)
