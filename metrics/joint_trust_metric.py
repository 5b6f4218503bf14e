"""MMPose metric: how well a score tells correct from wrong joints."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log
from mmengine.structures import BaseDataElement
from mmpose.registry import METRICS
from numpy.typing import NDArray

from ..constants import NUM_BINS, PCK_THRESHOLD, RAW_SCORE, TRUST
from .functional import (
    accuracy_at,
    augrc,
    aupr,
    aupr_error,
    aurc,
    auroc,
    brier,
    ece,
    ece_mass,
    equal_width_edges,
    is_correct,
    joint_errors,
    person_size,
)

_DEFAULT_PREFIXES = {TRUST: 'trust', RAW_SCORE: 'score'}


@METRICS.register_module()
class JointTrustMetric(BaseMetric):
    """Metrics of a per-joint score as a predictor of correct joints.

    A joint is correct when its error is at most ``dist_thr`` times the person
    size, max(box width, box height). Labeled joints (visibility > 0) of all
    persons are pooled. Reported, each under the prefix:

    - ``AUROC``, ``AUPR`` (correct joints are the positives), ``AUPR_error``
      (wrong joints are): ranking, for scores of any range. NaN, with one
      warning, if all joints are correct or all are wrong.
    - ``ECE`` (bins of equal width), ``ECE_mass`` (of equal count), ``Brier``:
      calibration of the score as the probability of a correct joint.
    - ``Acc@0.5``: share of joints that ``score >= 0.5`` classifies
      correctly; ``PosRate``: share of correct joints.
    - ``AURC``, ``AUGRC``: risk when the least trusted joints are dropped.

    Scores outside [0, 1], as raw SimCC and heatmap scores can be, are clipped
    for ``ECE``, ``ECE_mass`` and ``Brier``, which need probabilities; one
    warning per evaluation names the range. All other metrics use the scores
    as they are.

    Convention:
        Predicted and true keypoints are pixels of the original image, boxes
        are (x1, y1, x2, y2) in the same pixels: what MMPose keeps in
        ``pred_instances.keypoints``, ``gt_instances.keypoints`` and
        ``gt_instances.bboxes`` of a top-down model. MMPose clips the boxes of
        a COCO file to the image.

    Args:
        score_field: Field of ``pred_instances`` that holds the score (N, K).
        dist_thr: Largest error of a correct joint in units of person size.
        num_bins: Number of bins of ``ECE`` and ``ECE_mass``.
        collect_device: Device that gathers results of all processes, 'cpu'
            or 'gpu'.
        prefix: Prefix of the reported names. By default 'trust' for
            ``keypoint_trust``, 'score' for ``keypoint_scores`` and the name
            of the field for any other.
        collect_dir: Folder that gathers results, with 'cpu' only; a temporary
            one by default.

    Raises:
        ValueError: If ``dist_thr`` is not positive or ``num_bins`` is
            below 1.

    Examples:
        Trust beside the raw score, in a config::

            val_evaluator = [
                dict(type='JointTrustMetric'),
                dict(type='JointTrustMetric', score_field='keypoint_scores'),
            ]
    """

    def __init__(
        self,
        score_field: str = TRUST,
        dist_thr: float = PCK_THRESHOLD,
        num_bins: int = NUM_BINS,
        collect_device: str = 'cpu',
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        """Check the options before an epoch is spent."""
        is_correct(0.0, dist_thr)
        equal_width_edges(num_bins)
        self.score_field = score_field
        self.dist_thr = dist_thr
        self.num_bins = num_bins
        self.default_prefix = _DEFAULT_PREFIXES.get(score_field, score_field)
        super().__init__(collect_device, prefix, collect_dir)

    def process(
        self,
        data_batch: Any,
        data_samples: Sequence[Mapping[str, Any] | BaseDataElement],
    ) -> None:
        """Collect scores and errors of the labeled joints of each sample.

        Args:
            data_batch: Unused batch of the data loader.
            data_samples: Samples with predictions and ground truth, as
                dictionaries or as ``PoseDataSample``.

        Raises:
            ValueError: If a prediction, the score field or the ground truth
                is missing, shapes do not fit, or a value of a labeled joint
                is NaN or infinite; the message names the sample.
        """
        for data_sample in data_samples:
            # One result per sample: padded ones are dropped by their number.
            if isinstance(data_sample, BaseDataElement):
                data_sample = data_sample.to_dict()
            try:
                result = _score_and_error(data_sample, self.score_field)
            except ValueError as error:
                raise ValueError(
                    f'{type(self).__name__}, sample id '
                    f'{data_sample.get("id", "unknown")}: {error}'
                ) from error
            self.results.append(result)

    def compute_metrics(
        self, results: Sequence[Mapping[str, NDArray[np.float64]]]
    ) -> dict[str, float]:
        """Compute all metrics over the joints of all samples.

        Args:
            results: One mapping per sample: ``scores`` (J,) and ``errors``
                (J,) in units of person size, of its J labeled joints.

        Returns:
            The metric values by name, without prefix.

        Raises:
            ValueError: If there is no labeled joint.
        """
        num_joints = sum(len(result['scores']) for result in results)
        if num_joints == 0:
            raise ValueError(
                f'{type(self).__name__} found no labeled joint in '
                f'{len(results)} samples; check that the annotation file has '
                'keypoints with visibility above 0.'
            )
        scores = np.concatenate([result['scores'] for result in results])
        errors = np.concatenate([result['errors'] for result in results])
        correct = is_correct(errors, self.dist_thr)
        if correct.all() or not correct.any():
            self._warn(
                f'all {correct.size} labeled joints are '
                f'{"correct" if correct.all() else "wrong"} at dist_thr='
                f'{self.dist_thr}: AUROC, AUPR and AUPR_error are NaN.'
            )
        probabilities = self._clip(scores)
        return {
            'AUROC': auroc(scores, correct),
            'AUPR': aupr(scores, correct),
            'AUPR_error': aupr_error(scores, correct),
            'ECE': ece(probabilities, correct, self.num_bins),
            'ECE_mass': ece_mass(probabilities, correct, self.num_bins),
            'Brier': brier(probabilities, correct),
            'Acc@0.5': accuracy_at(scores, correct, threshold=0.5),
            'PosRate': float(correct.mean()),
            'AURC': aurc(scores, ~correct),
            'AUGRC': augrc(scores, ~correct),
        }

    def _clip(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        outside = (scores < 0) | (scores > 1)
        if outside.any():
            self._warn(
                f'scores range over [{scores.min():.4g}, {scores.max():.4g}]; '
                f'{outside.mean():.2%} lie outside [0, 1] and are clipped for '
                'ECE, ECE_mass and Brier.'
            )
        return np.clip(scores, 0, 1)

    def _warn(self, message: str) -> None:
        print_log(
            f'{type(self).__name__} ({self.score_field}): {message}',
            logger='current',
            level=logging.WARNING,
        )


def _score_and_error(
    sample: Mapping[str, Any], score_field: str
) -> dict[str, NDArray[np.float64]]:
    """Scores and errors of the labeled joints of one sample, both (J,)."""
    keypoints = _read(sample, 'pred_instances', 'keypoints')[..., :2]
    scores = _read(sample, 'pred_instances', score_field)
    target = _read(sample, 'gt_instances', 'keypoints')[..., :2]
    labeled = _read_labeled(sample)
    bboxes = _read(sample, 'gt_instances', 'bboxes')
    _check_values(keypoints, scores, target, labeled, score_field)
    errors = joint_errors(keypoints, target, person_size(bboxes))
    return {'scores': scores[labeled], 'errors': errors[labeled]}


def _read(
    sample: Mapping[str, Any], part: str, field: str
) -> NDArray[np.float64]:
    """One field of the predictions or of the ground truth as an array."""
    instances = sample.get(part, {})
    if field not in instances:
        remedy = {
            'pred_instances': 'use a model that predicts it, or set '
            'score_field to a field that is there',
            'gt_instances': 'evaluate on an annotated data set with '
            'ground-truth boxes',
        }[part]
        raise ValueError(
            f"expected '{field}' in {part}, found {sorted(instances)}; "
            f'{remedy}.'
        )
    value = instances[field]
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    return np.asarray(value, dtype=np.float64)


def _read_labeled(sample: Mapping[str, Any]) -> NDArray[np.bool_]:
    """Labeled joints (N, K); MMPose may stack weights: (N, K, 2)."""
    visible = _read(sample, 'gt_instances', 'keypoints_visible')
    if visible.ndim == 3:
        visible = visible[..., 0]
    return visible > 0


def _check_values(
    keypoints: NDArray[np.float64],
    scores: NDArray[np.float64],
    target: NDArray[np.float64],
    labeled: NDArray[np.bool_],
    score_field: str,
) -> None:
    """Raise unless all shapes are (N, K) and the points are known.

    MMPose fills in placeholders where there are detected boxes only.
    """
    shapes = {
        'predicted keypoints': keypoints.shape[:-1],
        score_field: scores.shape,
        'true keypoints': target.shape[:-1],
        'keypoints_visible': labeled.shape,
    }
    if len(set(shapes.values())) > 1 or scores.ndim != 2:
        raise ValueError(
            f'expected one shape (N, K) for all, found {shapes}; each '
            'prediction must belong to one annotated person (top-down).'
        )
    for name, values in (('keypoints', keypoints), (score_field, scores)):
        wrong = np.count_nonzero(~np.isfinite(values[labeled]))
        if wrong:
            raise ValueError(
                f"'{name}' in pred_instances holds {wrong} NaN or infinite "
                'values at labeled joints, expected finite ones; check that '
                'training has not diverged.'
            )
    if not np.isfinite(target[labeled]).all():
        raise ValueError(
            "'keypoints' in gt_instances holds NaN or infinite values at "
            'labeled joints; correct the annotation, or set its visibility '
            'to 0.'
        )
    if labeled.size > 1 and labeled.all() and not target.any():
        raise ValueError(
            'expected annotated keypoints in gt_instances, found all of them '
            'visible at (0, 0), as MMPose fills them in for detected boxes; '
            'remove bbox_file from the data set.'
        )
