"""Find whether FAST=1 makes the training steps of a config faster.

python tools/choose_fast.py CONFIG

Takes a few steps on random crops, in turn with FAST=0 and FAST=1, from the
same random weights. Prints 1 if steps with FAST=1 are at least 5 % faster
and all losses of the first step are equal to 1 % of their sum, else 0; the
measured ratio goes to the standard error output.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import torch
from torch import Tensor

import self_verify_pose.compat  # noqa: F401, isort: skip

from self_verify_pose.tools.benchmark.any_model import AnyModel
from self_verify_pose.tools.benchmark.context import (
    BenchmarkContext,
    TrainingSetup,
)
from self_verify_pose.tools.benchmark.silence import silence
from self_verify_pose.tools.benchmark.timing import Plan, alternate
from self_verify_pose.tools.command_line import (
    add_device_option,
    make_parser,
    run_tool,
)

# largest ratio of times, and of losses' differences to their sum
MAX_RATIO, MAX_DIFFERENCE = 0.95, 0.01
PLAN = Plan(repeats=3, warmup=1)
BATCH_SIZES = 8, 32  # crops of a step on a CPU, on a GPU


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Args:
        argv: Arguments; those of the process by default.

    Returns:
        The exit code of :func:`run_tool`.
    """
    parser = make_parser(__doc__)
    parser.add_argument('config', type=Path)
    add_device_option(parser)
    args = parser.parse_args(argv)

    def work() -> None:
        device = torch.device(args.device)
        with TemporaryDirectory() as folder, silence():
            context = BenchmarkContext(
                Path(folder),
                device,
                BATCH_SIZES[device.type == 'cuda'],
                PLAN,
                config_file=args.config,
            )
            faster = is_faster(context)
        print(int(faster))

    return run_tool(__file__, work)


def is_faster(context: BenchmarkContext) -> bool:
    """Compare steps with FAST=1 with those with FAST=0.

    Args:
        context: With the config, the device, the batch size and the plan.

    Returns:
        Whether FAST=1 pays.
    """
    plain, fast = (_training(context, value) for value in '01')
    difference = _difference(_losses(plain), _losses(fast))
    timing = alternate(fast.step, plain.step, context.plan, context.device)
    pays = timing.ratio <= MAX_RATIO and difference <= MAX_DIFFERENCE
    print(
        f'with FAST=1 a step takes {timing.ratio:.2f} of its time, and its '
        f'losses differ by {difference:.2%} of their sum: FAST={pays:d}',
        file=sys.stderr,
    )
    return pays


def _training(context: BenchmarkContext, fast: str) -> TrainingSetup:
    with mock.patch.dict(os.environ, {'FAST': fast}):
        setup = AnyModel.read(context)
    model = setup.trusting()
    if 'channels_last' in setup.config.default_hooks:
        model.to(memory_format=torch.channels_last)
    return setup.training(model, setup.batch(model))


def _losses(training: TrainingSetup) -> Mapping[str, Tensor]:
    """Losses of the first step, with the same random numbers each time."""
    torch.manual_seed(0)
    model, optimizer = training.model, training.optimizer
    values = model.train_step(training.batch, optimizer)
    return {k: v.detach() for k, v in values.items() if 'loss' in k}


def _difference(
    losses: Mapping[str, Tensor], others: Mapping[str, Tensor]
) -> float:
    """Largest difference of a loss, as a share of the sum of all losses."""
    total = abs(float(losses['loss']))
    differences = (float(losses[k] - others[k]) for k in losses)
    return max(map(abs, differences)) / total


if __name__ == '__main__':
    sys.exit(main())
