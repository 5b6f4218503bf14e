"""Make ``compile=True`` compile what can be compiled."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from ..model_wrapper import unwrap_model


@HOOKS.register_module()
class CompileBackboneHook(Hook):
    """Where MMEngine's switch ``compile`` is set, compile the backbone.

    MMEngine would compile the whole ``train_step``, and tracing that fails
    on MMPose's samples and on MMEngine's parameter groups. So the switch is
    taken over: the step stays as it is and the backbone, nearly all of the
    work, is compiled in it.
    """

    def before_run(self, runner: Runner) -> None:
        """Compile the backbone with the options of the switch.

        Args:
            runner: The runner that is about to start.
        """
        options = runner.cfg.get('compile')
        if not options:
            return
        runner.cfg['compile'] = False  # MMEngine reads it after this
        backbone = unwrap_model(runner.model).backbone
        backbone.compile(**({} if options is True else options))
