"""Log the figures of a test where those of a validation are logged."""

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS


@HOOKS.register_module()
class LogTestHook(Hook):
    """Hand the metrics of a test to the backends of the visualizer.

    mmengine writes them to the log and to a JSON file only.
    """

    def after_test_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Log the metrics.

        Args:
            runner: The runner of the test.
            metrics: Figures by name; None where there are none.
        """
        values = {name: float(v) for name, v in (metrics or {}).items()}
        runner.visualizer.add_scalars(values, step=0)
