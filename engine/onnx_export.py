"""Export of the estimator to ONNX, with trust and its calibration inside.

torch's exporter of traced graphs (``dynamo=True``) makes the files: it is the
one that torch maintains, and it runs networks whose Python code depends on
the shapes of their maps, which the older one does not. Opset 18 is what it
writes without a conversion; onnxruntime reads it since 1.14.
"""

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor, nn

from ..models.heads.base import BaseTrustHead
from ..models.heads.calibration import TrustCalibration
from ..models.pose_estimators.inspection import keypoint_names
from ..models.pose_estimators.selfverify_topdown import SelfVerifyTopdown
from ..output_files import replacing
from .onnx_forms import ExportForm, example_inputs

OPSET = 18


class _PiecewiseLinear(nn.Module):
    """The map of ``TrustCalibration``, without a search for the knots.

    A piecewise linear function is a line plus a bend at every inner knot.
    """

    knots: Tensor
    bends: Tensor

    def __init__(self, calibration: TrustCalibration) -> None:
        super().__init__()
        inputs = calibration.inputs.double()
        outputs = calibration.outputs.double()
        slopes = outputs.diff() / inputs.diff()
        self.first = float(outputs[0]), float(slopes[0]), float(inputs[0])
        self.register_buffer('knots', inputs[1:-1].float())
        self.register_buffer('bends', slopes.diff().float())

    def forward(self, trust: Tensor) -> Tensor:
        """Calibrate trust as ``TrustCalibration`` does."""
        logits = trust.logit(torch.finfo(torch.float32).eps)
        value, slope, start = self.first
        line = value + slope * (logits - start)
        beyond = (logits[..., None] - self.knots).relu()
        mapped: Tensor = line + (beyond * self.bends).sum(-1)
        return mapped.sigmoid()


def check_exportable(path: Path, runs: bool) -> None:
    """Raise unless an ONNX file can be made here.

    Args:
        path: The file to make.
        runs: Whether it will be run as well.

    Raises:
        ValueError: If the name does not end in .onnx, or a package is
            missing.
    """
    if path.suffix != '.onnx':
        raise ValueError(
            f'--out: expected a name that ends in .onnx, found {path}; give '
            'one'
        )
    needed = ['onnx', 'onnxscript', *(['onnxruntime'] if runs else [])]
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise ValueError(
            f'expected the package {missing[0]}, found none; pip install '
            f'{" ".join(missing)}'
        )


def exportable(model: SelfVerifyTopdown) -> SelfVerifyTopdown:
    """Copy an estimator so that its operators exist in ONNX.

    Args:
        model: The estimator, with a trust head.

    Returns:
        A copy on the CPU in eval mode that predicts the same.

    Raises:
        ValueError: If the estimator has no trust head.
    """
    if model.trust_head is None:
        raise ValueError(
            'config: expected a model with a trust head, found '
            'model.trust_cfg.enable=False; export one that predicts trust'
        )
    copied = copy.deepcopy(model).cpu().eval().requires_grad_(False)
    head: BaseTrustHead = copied.trust_head
    exact = head.calibration
    simple = nn.Identity() if exact.is_identity else _PiecewiseLinear(exact)
    head.register_module('calibration', simple)
    return copied


def export_onnx(form: ExportForm, path: str | Path) -> None:
    """Write a network as an ONNX file; the number of crops is free.

    The file names the keypoints, the size and the normalization of the crops
    among its metadata.

    Args:
        form: The network, of an :func:`exportable` estimator.
        path: The file, which is replaced.

    Raises:
        OSError: If the file cannot be written.
    """
    batch = {0: torch.export.Dim.DYNAMIC}
    inputs = tuple(example_inputs(form).values())
    with warnings.catch_warnings(), torch.no_grad(), _plain_attention():
        warnings.simplefilter('ignore')  # about torch's own parts
        program = torch.onnx.export(
            form.eval(),
            inputs,
            dynamo=True,
            opset_version=OPSET,
            input_names=list(form.inputs),
            output_names=list(form.outputs),
            dynamic_shapes=tuple(batch for _ in inputs),
            verbose=False,
        )
    assert program is not None
    program.model.metadata_props.update(_metadata(form.model))
    with replacing(path) as file:
        file.write(program.model_proto.SerializeToString())


def _metadata(model: SelfVerifyTopdown) -> dict[str, str]:
    preprocessor = model.data_preprocessor
    found = {
        'keypoints': ','.join(keypoint_names(model.metainfo, model.head)),
        'input_size': ','.join(map(str, model.reader.input_size)),
        'channels': 'RGB' if preprocessor._channel_conversion else 'BGR',
    }
    if preprocessor._enable_normalize:
        for name in ('mean', 'std'):
            values = getattr(preprocessor, name).flatten().tolist()
            found[name] = ','.join(f'{value:g}' for value in values)
    return found


@contextmanager
def _plain_attention() -> Iterator[None]:
    """Compute attention by operators that ONNX has."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
