"""Post-hoc calibration of trust by a monotone map in the checkpoint.

The maps are fitted with scikit-learn. Their evaluation is own code, since
prediction runs on any device and PyTorch has no linear interpolation.
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

NUM_KNOTS = 32
CalibrationMethod = Literal['temperature', 'isotonic']

# logits lie within ±15.9, where float32 still tells the sigmoid from 0 and 1
_EPS = float(np.finfo(np.float32).eps)
# lower bounds of an isotonic map: distance of neighboring knots, slope
_MIN_GAP = 1e-4
_MIN_SLOPE = 1e-3


class PiecewiseLinearMap(NamedTuple):
    """A monotone piecewise linear map from logits to logits.

    Beyond the first and the last knot the outermost segments are
    extrapolated.

    Args:
        inputs: ``(NUM_KNOTS,)`` logits of uncalibrated trust, strictly
            ascending.
        outputs: ``(NUM_KNOTS,)`` logits of calibrated trust, ascending.
    """

    inputs: NDArray[np.float64]
    outputs: NDArray[np.float64]


def identity_map() -> PiecewiseLinearMap:
    """Return the map that leaves logits unchanged.

    Returns:
        A map with equally spaced knots in [-16, 16].
    """
    inputs = np.linspace(-16.0, 16.0, NUM_KNOTS)
    return PiecewiseLinearMap(inputs, inputs.copy())


class TrustCalibration(nn.Module):
    """Calibrate predicted trust by a map that is stored in the checkpoint.

    The map is applied once, to the logit of the trust that prediction
    returns: the sigmoid of the trust head's logit or, with flip test, the
    mean over both views. It is therefore valid for the ``test_cfg`` that it
    was fitted with. Training neither applies nor updates it: calibrate after
    training.

    The map is the identity until :meth:`set` is called or a checkpoint with
    another map is loaded. Loading a checkpoint without a map resets it to
    the identity.
    """

    inputs: Tensor
    outputs: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name, values in identity_map()._asdict().items():
            self.register_buffer(name, torch.tensor(values).float())

    @property
    def is_identity(self) -> bool:
        """Whether the map leaves trust unchanged."""
        return torch.equal(self.inputs, self.outputs)

    def set(self, new_map: PiecewiseLinearMap) -> None:
        """Replace the map.

        Args:
            new_map: The new map, e.g. from :func:`fit_calibration`.

        Raises:
            ValueError: If the map has another number of knots, is not finite
                or not monotone.
        """
        inputs, outputs = (torch.tensor(values).float() for values in new_map)
        if not _is_valid(inputs, outputs):
            raise ValueError(
                f'calibration: expected {NUM_KNOTS} finite knots with '
                'ascending inputs and outputs, found inputs '
                f'{inputs.tolist()} and outputs {outputs.tolist()}; make '
                'them with fit_calibration'
            )
        self.inputs.copy_(inputs)
        self.outputs.copy_(outputs)

    def forward(self, trust: Tensor) -> Tensor:
        """Calibrate trust.

        Args:
            trust: Trust in [0, 1] of any shape.

        Returns:
            Calibrated trust in [0, 1] of the same shape, in the same order;
            the same tensor if the map is the identity.
        """
        if self.is_identity:
            return trust
        logits = trust.to(self.inputs).logit(_EPS).contiguous()
        upper = torch.searchsorted(self.inputs, logits)
        upper = upper.clamp(1, NUM_KNOTS - 1)
        left, right = self.inputs[upper - 1], self.inputs[upper]
        fraction = (logits - left) / (right - left)
        mapped = self.outputs[upper - 1].lerp(self.outputs[upper], fraction)
        return mapped.sigmoid()

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *args: Any
    ) -> None:
        """Load the identity from a checkpoint without a map."""
        names = [f'{prefix}{name}' for name in PiecewiseLinearMap._fields]
        if not any(name in state_dict for name in names):
            self.set(identity_map())
            return
        super()._load_from_state_dict(state_dict, prefix, *args)


def fit_calibration(
    trust: ArrayLike, correct: ArrayLike, method: CalibrationMethod
) -> PiecewiseLinearMap:
    """Fit a map from trust to the probability that a joint is correct.

    Args:
        trust: ``(N,)`` uncalibrated trust in [0, 1].
        correct: ``(N,)`` 0/1 or bool, whether each joint is correct.
        method: ``'temperature'`` fits a scale and a shift of the logits
            (Platt scaling), ``'isotonic'`` any monotone map, which needs
            more joints.

    Returns:
        The map.

    Raises:
        ValueError: If the method is unknown, the shapes differ, trust leaves
            [0, 1] or is constant, all joints are correct or all are wrong,
            or a higher trust does not mean more correct joints.

    Example:
        >>> trust = [0.9, 0.9, 0.9, 0.9, 0.6, 0.6]  # too confident
        >>> correct = [1, 1, 1, 0, 1, 0]
        >>> calibration = TrustCalibration()
        >>> calibration.set(fit_calibration(trust, correct, 'temperature'))
        >>> bool(calibration(torch.tensor(0.9)) < 0.8)
        True
    """
    if method not in _FITS:
        raise ValueError(
            'calibration: expected one of '
            f'{", ".join(map(repr, get_args(CalibrationMethod)))}, found the '
            f'method {method!r}; choose one of them'
        )
    values, is_correct = _checked(trust, correct)
    clipped = np.clip(values, _EPS, 1 - _EPS)
    return _FITS[method](_logit(clipped), _soft_targets(is_correct))


def _is_valid(inputs: Tensor, outputs: Tensor) -> bool:
    return (
        inputs.shape == outputs.shape == (NUM_KNOTS,)
        and bool(torch.cat([inputs, outputs]).isfinite().all())
        and bool((inputs.diff() > 0).all())
        and bool((outputs.diff() >= 0).all())
    )


def _checked(
    trust: ArrayLike, correct: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    values, labels = np.asarray(trust, np.float64), np.asarray(correct)
    if values.ndim != 1 or labels.shape != values.shape:
        raise ValueError(
            'calibration: expected trust and correctness of one shape (N,), '
            f'found {values.shape} and {labels.shape}; select the labeled '
            'joints first'
        )
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(
            'calibration: expected trust in [0, 1], found values outside of '
            'it or NaN; give trust, not logits'
        )
    if not np.isin(labels, (0, 1)).all():
        raise ValueError(
            'calibration: expected correctness as 0 and 1, found other '
            'values; compare the errors with a threshold first'
        )
    num_correct = int(labels.sum())
    if num_correct in (0, labels.size) or np.ptp(values) == 0:
        raise ValueError(
            'calibration: expected correct and wrong joints with trust that '
            f'differs, found {num_correct} correct ones of {labels.size} with '
            f'trust from {values.min(initial=1):.4g} to '
            f'{values.max(initial=0):.4g}; give more data, or train the trust '
            'head first'
        )
    return values, labels.astype(np.bool_)


def _logit(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log(probability / (1 - probability)))


def _soft_targets(correct: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Targets inside (0, 1) for correct and wrong joints.

    Source: Platt, "Probabilistic Outputs for Support Vector Machines", 1999.
    """
    num_correct = correct.sum()
    num_wrong = correct.size - num_correct
    return np.where(
        correct, (num_correct + 1) / (num_correct + 2), 1 / (num_wrong + 2)
    )


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
            'calibration: expected more correct joints at higher trust, found '
            f'the scale {scale:.4g}, which would reverse the order; train the '
            'trust head first'
        )
    inputs = identity_map().inputs
    return PiecewiseLinearMap(inputs, scale * inputs + shift)


def _fit_isotonic(
    logits: NDArray[np.float64], targets: NDArray[np.float64]
) -> PiecewiseLinearMap:
    """Linear interpolation between the centers of the isotonic steps.

    So trust values within one step keep their order (Oron & Flournoy,
    "Centered Isotonic Regression", Statistics in Biopharmaceutical Research
    2017).
    """
    steps = IsotonicRegression().fit(logits, targets).predict(logits)
    levels, step, count = np.unique(
        steps, return_inverse=True, return_counts=True
    )
    centers = np.bincount(step, logits) / count
    # knots at quantiles of the distinct logits; one more knot on each side
    # lets the map be flat beyond them
    inner = np.quantile(np.unique(logits), np.linspace(0, 1, NUM_KNOTS - 2))
    inputs = np.concatenate([inner[:1] - 1, inner, inner[-1:] + 1])
    inputs += _MIN_GAP * np.arange(NUM_KNOTS)
    outputs = np.interp(inputs, centers, _logit(levels))
    return PiecewiseLinearMap(
        inputs, outputs + _MIN_SLOPE * (inputs - inputs.mean())
    )


_FITS: dict[
    str,
    Callable[[NDArray[np.float64], NDArray[np.float64]], PiecewiseLinearMap],
] = {
    'temperature': _fit_temperature,
    'isotonic': _fit_isotonic,
}
