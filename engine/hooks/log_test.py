"""Log the metrics of a test to the visualizer's backends."""

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS


@HOOKS.register_module()
class LogTestHook(Hook):
    """Pass the metrics of a test to the backends of the visualizer.

    MMEngine does so for a validation only; it writes those of a test to the
    log and to a JSON file.
    """

    def after_test_epoch(
        self, runner: Runner, metrics: dict[str, float] | None = None
    ) -> None:
        """Log the metrics.

        Args:
            runner: The runner of the test.
            metrics: Values by name; None if there are none.
        """
        values = {name: float(v) for name, v in (metrics or {}).items()}
        runner.visualizer.add_scalars(values, step=0)
