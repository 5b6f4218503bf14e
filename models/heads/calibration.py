"""A monotone map that makes trust read as a probability."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

NUM_KNOTS = 32
Method = Literal['temperature', 'isotonic']

# logits lie within ±15.9, where float32 still tells the sigmoid from 0 and 1
_EPS = float(np.finfo(np.float32).eps)
# the knots of an isotonic map: how close they may be, how flat it may run
_MIN_GAP = 1e-4
_MIN_SLOPE = 1e-3


class PiecewiseLinearMap(NamedTuple):
    """A monotone map of logits: straight lines from knot to knot.

    Beyond the first and the last knot the outermost lines go on.

    Args:
        inputs: ``(NUM_KNOTS,)`` logits of trust before, strictly ascending.
        outputs: ``(NUM_KNOTS,)`` logits of trust after, ascending.
    """

    inputs: NDArray[np.float64]
    outputs: NDArray[np.float64]


def identity_map() -> PiecewiseLinearMap:
    """Return the map that changes nothing."""
    inputs = np.linspace(-16.0, 16.0, NUM_KNOTS)
    return PiecewiseLinearMap(inputs, inputs.copy())


class TrustCalibration(nn.Module):
    """Calibrate trust by a map that is kept in the checkpoint.

    What is calibrated is the trust that a user reads: the sigmoid of the
    trust head's logit or, with flip test, the mean over both views. The map
    acts once, on the logit of that mean, and is therefore right for the
    ``test_cfg`` it was fitted with. Training does not see it, and does not
    change it: calibrate last.

    The map is the identity until :meth:`set` is called or a checkpoint
    brings another one. A checkpoint without a map resets it to the identity.
    """

    inputs: Tensor
    outputs: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name, values in identity_map()._asdict().items():
            self.register_buffer(name, torch.tensor(values).float())

    @property
    def is_identity(self) -> bool:
        """Whether trust stays as it is."""
        return torch.equal(self.inputs, self.outputs)

    def set(self, knots: PiecewiseLinearMap) -> None:
        """Replace the map.

        Args:
            knots: The new map, as from :func:`fit`.

        Raises:
            ValueError: If the map has another number of knots, is not finite
                or not monotone.
        """
        inputs, outputs = (torch.tensor(v).float() for v in knots)
        fits = inputs.shape == outputs.shape == (NUM_KNOTS,)
        if not (
            fits
            and bool(torch.cat([inputs, outputs]).isfinite().all())
            and bool((inputs.diff() > 0).all())
            and bool((outputs.diff() >= 0).all())
        ):
            raise ValueError(
                f'calibration: expected {NUM_KNOTS} finite knots with '
                'ascending inputs and outputs, found inputs '
                f'{inputs.tolist()} and outputs {outputs.tolist()}; make '
                'them with fit'
            )
        self.inputs.copy_(inputs)
        self.outputs.copy_(outputs)

    def forward(self, trust: Tensor) -> Tensor:
        """Calibrate trust.

        Args:
            trust: Trust in [0, 1] of any shape.

        Returns:
            Calibrated trust in [0, 1] of the same shape, in the same order;
            the same tensor where the map is the identity.
        """
        if self.is_identity:
            return trust
        logits = trust.to(self.inputs).logit(_EPS).contiguous()
        upper = torch.searchsorted(self.inputs, logits)
        upper = upper.clamp(1, NUM_KNOTS - 1)
        left, right = self.inputs[upper - 1], self.inputs[upper]
        share = (logits - left) / (right - left)
        mapped = self.outputs[upper - 1].lerp(self.outputs[upper], share)
        return mapped.sigmoid()

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any
    ) -> None:
        """Read a checkpoint from before calibration as the identity."""
        own = [f'{prefix}{name}' for name in PiecewiseLinearMap._fields]
        if not any(name in state_dict for name in own):
            self.set(identity_map())
            return
        super()._load_from_state_dict(state_dict, prefix, *args)


def fit(
    trust: ArrayLike, correct: ArrayLike, method: Method
) -> PiecewiseLinearMap:
    """Fit a map so that trust reads as the probability of being right.

    Args:
        trust: ``(N,)`` trust in [0, 1], without calibration.
        correct: ``(N,)`` 0/1 or bool, whether the joint is right.
        method: ``'temperature'`` fits a scale and a shift of the logits,
            ``'isotonic'`` any monotone map, which takes more joints.

    Returns:
        The map.

    Raises:
        ValueError: If the arrays do not fit, trust leaves [0, 1] or does not
            differ, all joints are right or all are wrong, or higher trust
            does not mean more right joints.
    """
    if method not in _FITS:
        raise ValueError(
            f'calibration: expected one of {", ".join(map(repr, _FITS))}, '
            f'found the method {method!r}; choose one of them'
        )
    values, right = _checked(trust, correct)
    clipped = np.clip(values, _EPS, 1 - _EPS)
    return _FITS[method](_logit(clipped), _soft_targets(right))


def _checked(
    trust: ArrayLike, correct: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    values, right = np.asarray(trust, np.float64), np.asarray(correct)
    if values.ndim != 1 or right.shape != values.shape:
        raise ValueError(
            'calibration: expected trust and correctness of one shape (N,), '
            f'found {values.shape} and {right.shape}; select the labeled '
            'joints first'
        )
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(
            'calibration: expected trust in [0, 1], found values outside of '
            'it or NaN; give trust, not logits'
        )
    if not np.isin(right, (0, 1)).all():
        raise ValueError(
            'calibration: expected correctness as 0 and 1, found other '
            'values; compare the errors with a threshold first'
        )
    hits = int(right.sum())
    if hits in (0, right.size) or np.ptp(values) == 0:
        raise ValueError(
            'calibration: expected right and wrong joints with trust that '
            f'differs, found {hits} right ones of {right.size} with trust '
            f'from {values.min(initial=1):.4g} to {values.max(initial=0):.4g}'
            '; give more data, or train the trust head first'
        )
    return values, right.astype(bool)


def _logit(chance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(chance / (1 - chance))


def _soft_targets(right: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Targets that stay inside (0, 1).

    Source: Platt, "Probabilistic Outputs for Support Vector Machines", 1999.
    """
    hits = right.sum()
    misses = right.size - hits
    return np.where(right, (hits + 1) / (hits + 2), 1 / (misses + 2))


def _fit_temperature(
    logits: NDArray[np.float64], targets: NDArray[np.float64]
) -> PiecewiseLinearMap:
    """Scale and shift of least cross-entropy (Platt, 1999)."""
    model = LogisticRegression(C=np.inf)
    model.fit(
        np.tile(logits, 2)[:, None],
        np.repeat([1, 0], logits.size),
        sample_weight=np.concatenate([targets, 1 - targets]),
    )
    scale, shift = model.coef_.item(), model.intercept_.item()
    if scale <= 0:
        raise ValueError(
            'calibration: expected more right joints at higher trust, found '
            f'the scale {scale:.4g}, which would turn the order round; train '
            'the trust head first'
        )
    inputs = identity_map().inputs
    return PiecewiseLinearMap(inputs, scale * inputs + shift)


def _fit_isotonic(
    logits: NDArray[np.float64], targets: NDArray[np.float64]
) -> PiecewiseLinearMap:
    """Straight lines between the middles of the isotonic steps.

    So trusts that share a step keep their order (Oron & Flournoy, "Centered
    Isotonic Regression", Statistics in Biopharmaceutical Research 2017).
    """
    steps = IsotonicRegression().fit(logits, targets).predict(logits)
    levels, step, count = np.unique(
        steps, return_inverse=True, return_counts=True
    )
    middles = np.bincount(step, logits) / count
    # equally many of the distinct trusts lie between neighbors; one knot
    # on each side lets the map run flat beyond them
    inner = np.quantile(np.unique(logits), np.linspace(0, 1, NUM_KNOTS - 2))
    inputs = np.concatenate([inner[:1] - 1, inner, inner[-1:] + 1])
    inputs += _MIN_GAP * np.arange(NUM_KNOTS)
    outputs = np.interp(inputs, middles, _logit(levels))
    return PiecewiseLinearMap(
        inputs, outputs + _MIN_SLOPE * (inputs - inputs.mean())
    )


_FITS: dict[str, Callable[..., PiecewiseLinearMap]] = {
    'temperature': _fit_temperature,
    'isotonic': _fit_isotonic,
}
