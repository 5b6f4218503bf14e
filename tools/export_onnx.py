"""Export an estimator with trust to ONNX.

python tools/export_onnx.py CONFIG CHECKPOINT --out model.onnx
    [--form full|simcc|both] [--check N]

  full   model.onnx: crops and person_sizes to keypoints (pixels of the crop),
         scores and trust, calibration inside; any pose head
  simcc  model.onnx: crops to simcc_x and simcc_y, as programs for RTMPose's
         own files expect; model.trust.onnx: the same crops, what model.onnx
         gave for them, and person_sizes to trust
  both   these two, and the full form in model.full.onnx

The number of crops in a batch is free. Crops are RGB, normalized as the
metadata of the file says; person_sizes are the longer sides of the persons'
boxes in pixels of the crop. One view is predicted: no flip test.

--check compares the files with PyTorch on the first N validation persons of
the config, and their time with that of the pose network alone.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import self_verify_pose.compat  # noqa: F401, isort: skip

from rich.console import Console
from rich.table import Table

from self_verify_pose.apis import init_trust_model
from self_verify_pose.engine.inference import read_config
from self_verify_pose.engine.onnx_export import (
    check_exportable,
    export_onnx,
    exportable,
)
from self_verify_pose.engine.onnx_forms import (
    FORMS,
    ExportForm,
    make_forms,
)
from self_verify_pose.output_files import check_output_file
from self_verify_pose.tools.command_line import (
    at_least,
    make_main,
    make_parser,
)
from self_verify_pose.tools.onnx_check import (
    CheckedFile,
    check_files,
    first_crops,
)


def _parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('config')
    add('checkpoint', help='with a trained trust head')
    add('--out', type=Path, required=True, metavar='FILE.onnx')
    add('--form', choices=FORMS, default=FORMS[0], help='(%(default)s)')
    persons = 'persons to compare on (%(const)s, where N is left out)'
    add(
        '--check',
        type=at_least(1),
        nargs='?',
        const=32,
        metavar='N',
        help=persons,
    )
    return parser.parse_args(argv)


def _run(args: argparse.Namespace) -> None:
    console = Console()
    check_exportable(args.out, bool(args.check))
    check_output_file(args.out)
    config = read_config(args.config)
    model = init_trust_model(config, args.checkpoint, 'cpu')
    _tell_views(config.model.get('test_cfg', {}), console)
    data = first_crops(config, model, args.check) if args.check else None
    forms = make_forms(exportable(model), args.form, args.out)
    for path, form in forms.items():
        export_onnx(form, path)
        console.print(_described(path, form), markup=False, soft_wrap=True)
    if data is not None:
        checked = check_files(forms, data)
        console.print(_table(checked))
        _check_agree(checked)


def _check_agree(checked: Sequence[CheckedFile]) -> None:
    """Raise if an exported file predicts something else than PyTorch."""
    wrong = [one for one in checked if not one.agrees]
    if wrong:
        raise ValueError(
            f'{wrong[0].path}: expected what PyTorch predicts, found the '
            f'difference {wrong[0].largest:.2g} in {wrong[0].output}; use '
            'another version of onnxruntime'
        )


def _tell_views(test_cfg: Mapping[str, object], console: Console) -> None:
    """Say what the test options do that the file does not."""
    left_out = [
        name for name in ('flip_test', 'verify') if test_cfg.get(name, False)
    ]
    if left_out:
        names = ' and '.join(f'model.test_cfg.{name}' for name in left_out)
        console.print(
            f'{names}: left out, the file predicts one view; calibrate the '
            'checkpoint without it for trust that is a probability there.',
            soft_wrap=True,
        )


def _described(path: Path, form: ExportForm) -> str:
    size = path.stat().st_size / 2**20
    inputs, outputs = map(', '.join, (form.inputs, form.outputs))
    return f'{path} ({size:.1f} MiB): {inputs} to {outputs}'


def _table(checked: Sequence[CheckedFile]) -> Table:
    table = Table('file', 'output', 'difference', 'same modes', 'time')
    for one in checked:
        table.add_row(
            one.path.name,
            one.output,
            f'{one.largest:.1e}',
            'yes' if one.same_modes else 'no',
            f'{one.ratio:.3f}',
        )
    table.caption = 'time: of the file as a share of the pose network alone'
    return table


main = make_main(__file__, _parse_args, _run)

if __name__ == '__main__':
    sys.exit(main())
