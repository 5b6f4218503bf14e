"""Apply the config's ``compile`` option to the backbone only."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from ..model_wrapper import unwrap_model


@HOOKS.register_module()
class CompileBackboneHook(Hook):
    """Compile the backbone if the config sets ``compile``.

    MMEngine would compile the whole ``train_step``; tracing it fails on
    MMPose's data samples and on MMEngine's parameter groups. This hook
    consumes the option and compiles the backbone, which takes nearly all of
    the time of a step.
    """

    def before_run(self, runner: Runner) -> None:
        """Compile the backbone with the options in ``compile``.

        Args:
            runner: The runner that is about to start.
        """
        options = runner.cfg.get('compile')
        if not options:
            return
        runner.cfg['compile'] = False  # MMEngine reads it after this
        backbone = unwrap_model(runner.model).backbone
        backbone.compile(**({} if options is True else options))
