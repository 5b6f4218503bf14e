"""Batched Levenberg–Marquardt loop for every teacher.

The objective of one sample, with everything in units of person size:

    E(θ) = Σ_j w_j ρ(|P_j(θ) - p_j|) + Σ_j |(P_j(θ) - m_j) / s_j|² + |r(θ)|²

P projects the body θ, p are the keypoints with weights w (confidence over
variance), ρ(e) = c² e² / (c² + e²) is the Geman–McClure loss, m ± s is the
prediction of the pose prior and r are the body's own residuals (lengths,
limits, …) in standard deviations. Damping, acceptance and stopping are per
sample, so a sample's result does not depend on its neighbors.

``scipy.optimize.least_squares`` solves one sample at a time on the CPU.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .async_flag import AsyncFlag
from .batches import take
from .normal_equations import Equations
from .parametric_body import ParametricBody
from .terms import FitTargets, data_term

CONVERGED, ITERATION_LIMIT, DEGENERATE = 0, 1, 2

INITIAL_DAMPING, MAX_DAMPING = 1.0, 1e6
# Stopped samples leave the loop once less than this share is running.
COMPACTION_SHARE = 0.75
# Up to this many samples, as in a training step, the host never waits for a
# GPU; with more, removing stopped samples is worth the wait.
MAX_ASYNC_SAMPLES = 4096


@dataclass(frozen=True)
class Fit:
    """Result of ``fit``.

    Attributes:
        unknowns: θ* (B, N).
        energy: E(θ*) (B,).
        converged: (B,) bool.
    """

    unknowns: Tensor
    energy: Tensor
    converged: Tensor


def fit(
    body: ParametricBody,
    start: Tensor,
    targets: FitTargets,
    width: float,
    iterations: int,
    tolerance: float,
) -> Fit:
    """Minimize the objective from one start per sample.

    A step is taken when it lowers the energy, and the damping follows how
    well the drop was predicted. A sample stops when a step changes its energy
    by less than ``tolerance`` of it or when no damping helps.

    Args:
        body: The parametric body.
        start: Initial θ (B, N).
        targets: Keypoints, weights and pose prior of each sample.
        width: Width c of the robust loss in units of person size.
        iterations: Largest number of steps.
        tolerance: Relative change of energy at which a sample stops.

    Returns:
        The best unknowns of each sample.

    Example:
        >>> from self_verify_pose.models.kinematics.rest_pose import load_rest
        >>> from self_verify_pose.models.teachers.free_joints import (
        ...     FreeJointBody,
        ... )
        >>> from self_verify_pose.models.teachers.initialization import (
        ...     initial_poses,
        ... )
        >>> cpu = torch.device('cpu'), torch.float32
        >>> rest = load_rest(*cpu)
        >>> points, one = rest[None, :, :2], torch.ones(1, 17)
        >>> targets = FitTargets(points, one, points, torch.zeros(1, 17, 2))
        >>> body = FreeJointBody(*cpu)
        >>> placed = initial_poses(points, one, rest, count=1)
        >>> start = body.initialize(placed, points)[:, 0]
        >>> fit(body, start, targets, 0.05, 20, 1e-2).converged
        tensor([True])
    """
    unknowns, energy = start.clone(), start.new_empty(len(start))
    converged = torch.zeros_like(energy, dtype=torch.bool)
    equations = body.linearize(start, data_term(targets, width))
    state = _State(
        torch.arange(len(start), device=start.device),
        start,
        equations,
        torch.full_like(energy, INITIAL_DAMPING),
        torch.full_like(energy, 2.0),
        torch.zeros_like(converged),
        targets,
    )
    may_wait = _may_wait(start)
    all_stopped = AsyncFlag()
    for _ in range(iterations):
        state = _advance(body, state, width, tolerance)
        unknowns[state.samples] = state.unknowns
        energy[state.samples] = state.equations.energy
        converged[state.samples] = state.stopped
        if not may_wait:
            if all_stopped.poll(state.stopped.all()):
                break
            continue
        running = ~state.stopped
        if not running.any():
            break
        if running.sum() < COMPACTION_SHARE * len(running):
            state = take(state, running.nonzero()[:, 0])
    return Fit(unknowns, energy, converged)


@dataclass(frozen=True)
class _State:
    """Samples that are still in the loop, ``samples`` being their indices."""

    samples: Tensor
    unknowns: Tensor
    equations: Equations
    damping: Tensor
    growth: Tensor
    stopped: Tensor
    targets: FitTargets


def _may_wait(start: Tensor) -> bool:
    """Test whether the loop may read back which samples have stopped."""
    return start.device.type == 'cpu' or len(start) > MAX_ASYNC_SAMPLES


def _advance(
    body: ParametricBody, state: _State, width: float, tolerance: float
) -> _State:
    """One damped step of every sample that has not stopped."""
    old = state.equations
    step = old.damped_step(state.damping)
    trial = state.unknowns + step
    new = body.linearize(trial, data_term(state.targets, width))
    drop = old.energy - new.energy
    better = (drop >= 0) & ~state.stopped
    gain = drop / _predicted_drop(old, step).clamp(min=1e-12)
    damping, growth = _update_damping(
        gain.nan_to_num(-1.0), state.damping, state.growth
    )
    small = drop <= tolerance * old.energy.clamp(min=1e-6)
    exhausted = state.damping > MAX_DAMPING
    pairs = zip((trial, *new), (state.unknowns, *old), strict=True)
    unknowns, *equations = _select_rows(better, list(pairs))
    return replace(
        state,
        unknowns=unknowns,
        equations=type(old)(*equations),
        damping=damping,
        growth=growth,
        stopped=state.stopped | (better & small) | exhausted,
    )


def _predicted_drop(equations: Equations, step: Tensor) -> Tensor:
    """Drop of energy (B,) that the expansion predicts for a step."""
    curvature = equations.times_hessian(step)
    return -((2 * equations.gradient + curvature) * step).sum(1)


def _update_damping(
    gain: Tensor, damping: Tensor, growth: Tensor
) -> tuple[Tensor, Tensor]:
    """New damping from the ratio (B,) of actual to predicted drop.

    Source: Nielsen, Damping parameter in Marquardt's method, IMM-REP-1999-05,
    eq. 2.5.
    """
    better = gain >= 0
    shrink = (1 - (2 * gain - 1) ** 3).clamp(0.1, 2.0)
    damping = torch.where(better, damping * shrink, damping * growth)
    growth = torch.where(better, 2.0, 2 * growth)
    return damping.clamp(min=1e-9), growth


def _select_rows(
    better: Tensor, pairs: list[tuple[Tensor, Tensor]]
) -> list[Tensor]:
    """Rows of the first of each pair where better, else of the second.

    Few rows are worse, so on a CPU copying them into the first tensors costs
    far less than a ``where``. On a GPU ``nonzero`` would wait.
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
