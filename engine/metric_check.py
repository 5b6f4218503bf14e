"""Check that the annotations hold what the metrics of a run read."""

from typing import Any

from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from mmpose.evaluation.metrics import CocoMetric

from ..coco_fields import shown
from ..datasets.coco import check_for_mmpose

# fields that the evaluation of COCO reads, and how to make them
_FIELDS = {
    'area': 'area of the person in square pixels, such as .53 of the box',
    'num_keypoints': 'number of labeled keypoints',
}


def check_metrics(runner: Runner) -> None:
    """Raise unless the annotations of a run hold what its metrics need.

    MMPose finds out after the first epoch.

    Args:
        runner: The runner that is about to start.

    Raises:
        ValueError: If a field is missing that ``CocoMetric`` reads, or
            persons of the data set are not in its file.
    """
    for loop in (runner._val_loop, runner._test_loop):
        evaluator = getattr(loop, 'evaluator', None)  # None: not built
        for metric in getattr(evaluator, 'metrics', ()):
            if isinstance(metric, CocoMetric) and metric.coco is not None:
                _check_coco_metric(metric, loop.dataloader.dataset)


def check_best_metric(runner: Runner) -> None:
    """Raise unless the best checkpoint is told by a metric of the validation.

    MMEngine finds out after the first validation. Prefixes are compared, as
    the rest of a name is known to the metric alone.

    Args:
        runner: The runner that is about to start.

    Raises:
        ValueError: If no metric has the prefix that ``save_best`` names.
    """
    evaluator = getattr(runner._val_loop, 'evaluator', None)
    metrics = getattr(evaluator, 'metrics', ())
    prefixes = [getattr(metric, 'prefix', None) for metric in metrics]
    for hook in runner._hooks:
        is_known = bool(prefixes) and all(prefixes)  # [] in a test
        if not isinstance(hook, CheckpointHook) or not is_known:
            continue
        wanted = hook.save_best or []
        for name in [wanted] if isinstance(wanted, str) else wanted:
            if '/' in name and name.split('/')[0] not in prefixes:
                raise ValueError(
                    'default_hooks.checkpoint.save_best: expected a metric of '
                    f'the validation ({", ".join(f"{p}/…" for p in prefixes)}'
                    f"), found '{name}'; correct it, or add its metric to "
                    'val_evaluator'
                )


def _check_coco_metric(metric: CocoMetric, dataset: Any) -> None:
    content, path = metric.coco.dataset, metric.ann_file
    if getattr(dataset, 'ann_file', None) != path:
        check_for_mmpose(content, path)
    categories = {one.get('id') for one in content.get('categories', ())}
    for number, person in enumerate(content['annotations']):
        if 'keypoints' not in person:
            continue
        where = f'{path}: annotations[{number}]'
        for field, meaning in _FIELDS.items():
            is_read = field != 'area' or metric.use_area
            if is_read and field not in person:
                raise ValueError(
                    f"{where}: expected '{field}' ({meaning}), which "
                    'CocoMetric reads, found only '
                    f'{", ".join(sorted(person))}; add it to all annotations '
                    'before training'
                )
        if person['category_id'] not in categories:
            raise ValueError(
                f"{where}: category_id: expected an id of 'categories' "
                f'({shown(sorted(categories, key=str))}), which CocoMetric '
                f'evaluates, found {shown(person["category_id"])}; correct it'
            )
