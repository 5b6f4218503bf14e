"""The networks that are exported to ONNX: with trust, without, trust alone.

Convention:
    ``crops`` are what MMPose's data preprocessor gives the network: RGB,
    normalized. Coordinates are pixels of the crop, pixel centers at integers.
    One view is predicted: no flip test, no verification by other views.
"""

from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..models.distributions.simcc import SimCCReader
from ..models.pose_estimators.inspection import feature_maps
from ..models.pose_estimators.prediction import keypoint_scores
from ..models.pose_estimators.selfverify_topdown import SelfVerifyTopdown

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
