"""Write the predictions of a dump as results in COCO format, too."""

from pathlib import Path

from mmengine.dist import master_only
from mmengine.evaluator import DumpResults
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

from ...metrics.evaluation.io.dump import read_dump
from ...metrics.evaluation.io.dump_results import results_from_dump
from ...metrics.json_values import to_json_values
from ...output_files import write_json


@HOOKS.register_module()
class SaveResultsHook(Hook):
    """Write ``preds.results.json`` beside the ``preds.pkl`` of a test.

    The dump of ``mim test … --dump preds.pkl`` is a pickle; the results hold
    the same predictions in a format that others can read without risk.
    """

    @master_only
    def after_test_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Write the results of each dump of the test.

        Args:
            runner: The runner of the test.
            metrics: Unused metrics of the test.

        Raises:
            OutputError: If a file cannot be written.
        """
        for metric in runner.test_loop.evaluator.metrics:
            if isinstance(metric, DumpResults):
                path = Path(metric.out_file_path)
                write_json(
                    path.with_suffix('.results.json'),
                    to_json_values(results_from_dump(read_dump(path))),
                )
