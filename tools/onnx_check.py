"""Comparison of exported ONNX files with PyTorch: predictions and time."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from numpy.typing import NDArray
from torch import Tensor

from self_verify_pose.datasets.coco_instances import build_split
from self_verify_pose.engine.onnx_export import (
    export_onnx,
)
from self_verify_pose.engine.onnx_forms import (
    ExportForm,
    PoseForm,
)
from self_verify_pose.models.pose_estimators.selfverify_topdown import (
    SelfVerifyTopdown,
)
from self_verify_pose.models.sample_fields import person_sizes
from self_verify_pose.tools.benchmark.timing import Plan, alternate

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

LARGEST_DIFFERENCE = 1e-4
_BATCH = 8  # of what is timed
Tensors = Mapping[str, Tensor]


class CheckedFile(NamedTuple):
    """How an exported file compares with PyTorch.

    Args:
        path: The file.
        output: Its output that differs most.
        largest: Largest absolute difference.
        same_modes: Whether the largest entry of each row lies in the same
            place, where the output holds the rows of SimCC; else True.
        ratio: Time as a share of the pose network alone, as an ONNX file.
    """

    path: Path
    output: str
    largest: float
    same_modes: bool
    ratio: float

    @property
    def agrees(self) -> bool:
        """Whether the file predicts what PyTorch does."""
        return self.same_modes and self.largest <= LARGEST_DIFFERENCE


def first_crops(
    config: Config, model: SelfVerifyTopdown, count: int
) -> Tensors:
    """Read the first validation persons of a config.

    Args:
        config: The config.
        model: The estimator, which normalizes the crops.
        count: Number of persons.

    Returns:
        ``crops``, ``(N, 3, H, W)``, and ``person_sizes``, ``(N,)`` pixels of
        the crops.
    """
    dataset = build_split(config, count=count)
    batch = pseudo_collate([dataset[index] for index in range(len(dataset))])
    data = model.data_preprocessor(batch)
    crops = data['inputs']
    sizes = person_sizes(data['data_samples'], crops.device)
    return {'crops': crops, 'person_sizes': sizes}


def open_session(path: Path) -> 'InferenceSession':
    """Open an ONNX file with onnxruntime, on one core.

    Args:
        path: The file.

    Returns:
        The session.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(path), options, providers=['CPUExecutionProvider']
    )


def run_session(
    session: 'InferenceSession', inputs: Tensors
) -> dict[str, NDArray[np.float32]]:
    """Run an ONNX file.

    Args:
        session: The opened file.
        inputs: Tensors by name; those that the file does not read are left
            out.

    Returns:
        Arrays by name.
    """
    arrays = {
        one.name: inputs[one.name].numpy() for one in session.get_inputs()
    }
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(names, arrays), strict=True))


@torch.no_grad()
def check_file(
    path: Path, form: ExportForm, pose: 'InferenceSession', data: Tensors
) -> CheckedFile:
    """Compare an exported file with the network that it was made of.

    Args:
        path: The file.
        form: The network.
        pose: The file of the pose network alone, opened.
        data: Result of :func:`first_crops`.

    Returns:
        The comparison.
    """
    inputs = dict(data)
    if 'simcc_x' in form.inputs:
        inputs |= zip(
            ('simcc_x', 'simcc_y'),
            PoseForm(form.model)(data['crops']),
            strict=True,
        )
    expected = form(*(inputs[name] for name in form.inputs))
    if isinstance(expected, Tensor):
        expected = (expected,)
    session = open_session(path)
    found = run_session(session, inputs)
    differences, same_modes = {}, True
    for name, tensor in zip(form.outputs, expected, strict=True):
        one = tensor.numpy()
        differences[name] = float(np.abs(found[name] - one).max())
        if name.startswith('simcc'):
            modes = found[name].argmax(-1) == one.argmax(-1)
            same_modes &= bool(modes.all())
    few = {name: values[:_BATCH] for name, values in inputs.items()}
    timing = alternate(
        lambda: run_session(session, few),
        lambda: run_session(pose, few),
        Plan(repeats=20, warmup=2),
        torch.device('cpu'),
    )
    worst = max(differences, key=differences.__getitem__)
    return CheckedFile(
        path, worst, differences[worst], same_modes, timing.ratio
    )


def check_files(
    forms: Mapping[Path, ExportForm], data: Tensors
) -> list[CheckedFile]:
    """Compare exported files with PyTorch, and time them.

    Args:
        forms: The networks by file.
        data: Result of :func:`first_crops`.

    Returns:
        The comparisons in the order of the files.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / 'pose.onnx'
        export_onnx(PoseForm(next(iter(forms.values())).model), plain)
        pose = open_session(plain)
    return [check_file(path, form, pose, data) for path, form in forms.items()]
