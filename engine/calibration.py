"""Fit the trust calibration of an estimator and store it in a checkpoint."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from mmpose.models.pose_estimators.base import BasePoseEstimator
from numpy.typing import NDArray
from rich.table import Table

from ..constants import PCK_THRESHOLD, TRUST
from ..datasets.split_check import check_disjoint
from ..datasets.trust_cache.files import file_sha256
from ..metrics.functional import auroc, brier, ece, ece_mass
from ..models.heads.calibration import (
    CalibrationMethod,
    TrustCalibration,
    fit_calibration,
    identity_map,
)
from .certification import CERTIFICATE_KEY
from .checkpoint import TRUST_PREFIX, state_dict_of
from .evaluation import evaluate_dataset, joint_scores

_BINS = 15
_METRICS: dict[str, Callable[[NDArray, NDArray], float]] = {
    f'ECE, {_BINS} bins of equal width': lambda t, c: ece(t, c, _BINS),
    f'ECE, {_BINS} bins of equal count': lambda t, c: ece_mass(t, c, _BINS),
    'Brier': brier,
    'AUROC': auroc,
    'mean trust': lambda t, c: float(np.mean(t)),
    'fraction of correct joints': lambda t, c: float(np.mean(c)),
}


class JointTrust(NamedTuple):
    """Trust and correctness of all labeled joints of a data set.

    Args:
        trust: ``(N,)`` predicted trust in [0, 1].
        correct: ``(N,)`` bool, whether each joint is correct.
    """

    trust: NDArray
    correct: NDArray


class CalibrationResult(NamedTuple):
    """A fitted calibration and the predictions that it was made from.

    Args:
        calibration: The fitted module, on the CPU.
        fitted: Uncalibrated trust of the joints that the map was fitted on.
        reported: Uncalibrated trust of the joints to report on.
        metadata: Method, threshold, number of joints and the hash of the
            annotation file of the fit.
    """

    calibration: TrustCalibration
    fitted: JointTrust
    reported: JointTrust
    metadata: dict[str, Any]


def calibrate(
    model: BasePoseEstimator,
    fitted: BaseDataset,
    reported: BaseDataset,
    method: CalibrationMethod = 'temperature',
    dist_thr: float = PCK_THRESHOLD,
    batch_size: int = 32,
    workers: int = 0,
    advance: Callable[[int], object] = lambda count: None,
) -> CalibrationResult:
    """Fit a calibration on one data set and predict another one.

    Args:
        model: An estimator with a trust head, in eval mode; its calibration
            is reset to the identity.
        fitted: Annotated persons that the network was not trained on, with
            the pipeline of a validation.
        reported: Other persons, to report on.
        method: ``'temperature'`` or ``'isotonic'``.
        dist_thr: Largest error of a correct joint in units of person size.
        batch_size: Persons per batch.
        workers: Processes that load images.
        advance: Called with the number of persons after each batch.

    Returns:
        The fitted calibration and both predictions.

    Raises:
        ValueError: If the data sets overlap, or no map can be fitted.
    """
    check_disjoint(fitted, reported)
    model.trust_head.calibration.set(identity_map())
    options = (dist_thr, batch_size, workers, advance)
    metrics = (
        evaluate_dataset(model, dataset, [TRUST], *options)[TRUST]
        for dataset in (fitted, reported)
    )
    fit_joints, report_joints = (
        JointTrust(*joint_scores(metric)) for metric in metrics
    )
    calibration = TrustCalibration()
    calibration.set(fit_calibration(*fit_joints, method))
    metadata = {
        'method': method,
        'dist_thr': dist_thr,
        'joints': len(fit_joints.trust),
        'annotation_sha256': file_sha256(fitted.ann_file),
    }
    return CalibrationResult(calibration, fit_joints, report_joints, metadata)


def comparison_table(result: CalibrationResult) -> Table:
    """Show metrics of trust before and after calibration.

    Args:
        result: As from :func:`calibrate`.

    Returns:
        A table with one row per metric, of the joints to report on.
    """
    before, correct = result.reported
    after = result.calibration(torch.from_numpy(before)).double().numpy()
    table = Table(title=result.metadata['method'], title_justify='left')
    table.add_column('')
    table.add_column('before', justify='right')
    table.add_column('after', justify='right')
    for name, metric in _METRICS.items():
        values = (metric(before, correct), metric(after, correct))
        table.add_row(name, *(f'{value:.3f}' for value in values))
    return table


def store_calibration(
    checkpoint: dict[str, Any], result: CalibrationResult
) -> None:
    """Store a fitted map and its metadata in a checkpoint.

    Args:
        checkpoint: As from :func:`~.checkpoint.read_checkpoint`, changed in
            place: its weights, the averaged weights (``ema_state_dict``) and
            ``meta.trust_calibration``, the latter two if there are any. A
            certificate, which was of the trust before, is removed.
        result: As from :func:`calibrate`.
    """
    prefix = f'{TRUST_PREFIX}calibration.'
    buffers = result.calibration.state_dict(prefix=prefix)
    state_dict_of(checkpoint).update(buffers)
    averaged = checkpoint.get('ema_state_dict')
    if averaged is not None:
        averaged.update({f'module.{k}': v for k, v in buffers.items()})
    if 'meta' in checkpoint:
        checkpoint['meta']['trust_calibration'] = result.metadata
        checkpoint['meta'].pop(CERTIFICATE_KEY, None)
