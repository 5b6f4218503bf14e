"""Weights of the pose prior, and the numbers that belong to them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...skeleton import FLIP, NUM_JOINTS
from .body import DATA_ROOT

# Joints that the network predicts. A right joint is a left joint of the
# mirrored pose, so mirroring the input mirrors the output exactly.
TARGETS = tuple(k for k in range(NUM_JOINTS) if k <= FLIP[k])
POSITION_SCALE = 3.0
MEAN_SCALE = 0.3
LOG_SPREAD_RANGE = (-5.0, 3.0)


def read_prior_weights(
    path: str | Path | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Read the weights of the network.

    Args:
        path: npz file with ``weight_in`` (54, H), ``bias_in`` (9, H),
            ``weight_hidden`` (L, H, H), ``bias_hidden`` (L, H),
            ``weight_out`` (9, H, 4), ``bias_out`` (9, 4); the package's own
            by default.

    Returns:
        The weights by name.

    Raises:
        FileNotFoundError: The file does not exist.

    Example:
        >>> sorted(read_prior_weights())[:3]
        ['bias_hidden', 'bias_in', 'bias_out']
    """
    path = Path(path) if path else DATA_ROOT / 'pose_prior.npz'
    if not path.is_file():
        raise FileNotFoundError(
            f'expected the pose prior at {path}, found nothing; make it '
            'with tools/fit_pose_prior.py'
        )
    with np.load(path) as data:
        return {
            name: data[name].astype(np.float32)
            for name in data.files
            if data[name].dtype.kind == 'f'
        }
