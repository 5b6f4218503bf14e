"""Export of the estimator to ONNX, with trust and its calibration inside.

torch's exporter of traced graphs (``dynamo=True``) makes the files: it is the
one that torch maintains, and it runs networks whose Python code depends on
the shapes of their maps, which the older one does not. Opset 18 is what it
writes without a conversion; onnxruntime reads it since 1.14.

Convention:
    ``crops`` are what MMPose's data preprocessor gives the network: RGB,
    normalized. Coordinates are pixels of the crop, pixel centers at integers.
    One view is predicted: no flip test, no verification by other views.
"""

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..models.distributions.simcc import SimCCReader
from ..models.heads.base import BaseTrustHead
from ..models.heads.calibration import TrustCalibration
from ..models.pose_estimators.inspection import feature_maps, keypoint_names
from ..models.pose_estimators.prediction import keypoint_scores
from ..models.pose_estimators.selfverify_topdown import SelfVerifyTopdown
from ..output_files import replacing

OPSET = 18
FORMS = ('full', 'simcc', 'both')


class ExportForm(nn.Module):
    """A network that is exported, with names for its tensors.

    Args:
        model: The estimator, in eval mode.

    Attributes:
        inputs: Names of the inputs in order.
        outputs: Names of the outputs in order.
    """

    inputs: ClassVar[tuple[str, ...]]
    outputs: tuple[str, ...]

    def __init__(self, model: SelfVerifyTopdown) -> None:
        super().__init__()
        self.model = model


class PoseForm(ExportForm):
    """The pose network alone: crops to the output of its head.

    The output of a SimCC head is ``simcc_x`` and ``simcc_y``, as programs
    that run RTMPose's own ONNX files expect; that of another one ``output``.
    """

    inputs = ('crops',)

    def __init__(self, model: SelfVerifyTopdown) -> None:
        super().__init__(model)
        simcc = isinstance(model.reader, SimCCReader)
        self.outputs = ('simcc_x', 'simcc_y') if simcc else ('output',)

    def forward(self, crops: Tensor) -> Any:
        """Run the pose network.

        Args:
            crops: ``(B, 3, H, W)`` normalized crops.

        Returns:
            What the pose head returns.
        """
        features = self.model.backbone(crops)
        if self.model.with_neck:
            features = self.model.neck(features)
        return self.model.head.forward(features)


class FullForm(ExportForm):
    """Crops and person sizes to keypoints, raw scores and trust."""

    inputs = ('crops', 'person_sizes')
    outputs = ('keypoints', 'scores', 'trust')

    def forward(
        self, crops: Tensor, person_sizes: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Predict poses with trust.

        Args:
            crops: ``(B, 3, H, W)`` normalized crops.
            person_sizes: ``(B,)`` longer sides of the persons' boxes in
                pixels of the crops.

        Returns:
            ``(B, K, 2)`` keypoints in pixels of the crops, ``(B, K)`` raw
            scores, and ``(B, K)`` calibrated trust.
        """
        output = self.model.pose_output(crops, person_sizes)
        distribution = output.distribution
        head = self.model.trust_head
        trust = keypoint_scores(head, [output], distribution)
        return (
            distribution.hard_decode(),
            distribution.raw_scores(),
            trust['keypoint_trust'],
        )


class TrustForm(ExportForm):
    """The trust of keypoints that a ``PoseForm`` of SimCC has predicted.

    A head that reads feature maps runs the stages of the backbone that give
    them again; one that reads none does without the crops.
    """

    inputs = ('crops', 'simcc_x', 'simcc_y', 'person_sizes')
    outputs = ('trust',)

    def forward(
        self,
        crops: Tensor,
        simcc_x: Tensor,
        simcc_y: Tensor,
        person_sizes: Tensor,
    ) -> Tensor:
        """Predict trust.

        Args:
            crops: ``(B, 3, H, W)`` normalized crops.
            simcc_x: ``(B, K, Nx)`` logits along x.
            simcc_y: ``(B, K, Ny)`` logits along y.
            person_sizes: As of :class:`FullForm`.

        Returns:
            ``(B, K)`` calibrated trust.
        """
        model, head = self.model, self.model.trust_head
        assert head is not None
        maps: tuple[Tensor, ...] = ()
        if head.reads_maps:
            backbone = model.backbone(crops)
            features = model.neck(backbone) if model.with_neck else backbone
            maps = feature_maps(features, backbone)
        distribution = model.reader.read((simcc_x, simcc_y), person_sizes)
        trust = head.predict(maps, distribution, distribution.hard_decode())
        calibrated: Tensor = head.calibration(trust)
        return calibrated


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


def example_inputs(form: ExportForm, batch: int = 2) -> dict[str, Tensor]:
    """Make inputs of the right shapes.

    Args:
        form: The network.
        batch: Number of crops B.

    Returns:
        Random tensors by name, of all inputs.
    """
    width, height = form.model.reader.input_size
    made = {'crops': torch.rand(batch, 3, height, width)}
    made['person_sizes'] = torch.linspace(0.5, 0.8, batch) * height
    if 'simcc_x' in form.inputs:
        with torch.no_grad():
            x, y = PoseForm(form.model)(made['crops'])
        made |= {'simcc_x': x, 'simcc_y': y}
    return {name: made[name] for name in form.inputs}


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


def make_forms(
    model: SelfVerifyTopdown, form: str, path: Path
) -> dict[Path, ExportForm]:
    """Choose the networks and files of an export.

    Args:
        model: An :func:`exportable` estimator.
        form: ``full``, ``simcc`` or ``both``.
        path: The file of the first network.

    Returns:
        The networks by file: ``full`` is one file; ``simcc`` the pose network
        and, in ``NAME.trust.onnx``, trust; ``both`` all three, the full one
        in ``NAME.full.onnx``.

    Raises:
        ValueError: If the estimator is none of SimCC, and the form is not
            ``full``.
    """
    if form == 'full':
        return {path: FullForm(model)}
    if not isinstance(model.reader, SimCCReader):
        raise ValueError(
            '--form: expected full, since the pose head is no SimCC head, '
            f'found {form}; give --form full'
        )
    forms: dict[Path, ExportForm] = {
        path: PoseForm(model),
        path.with_suffix('.trust.onnx'): TrustForm(model),
    }
    if form == 'both':
        forms[path.with_suffix('.full.onnx')] = FullForm(model)
    return forms
