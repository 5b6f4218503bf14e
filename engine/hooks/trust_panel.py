"""Draw a few fixed persons after each validation, colored by trust."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmcv import imread
from mmengine.dist import all_gather_object, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner
from mmpose.registry import HOOKS
from mmpose.structures import PoseDataSample
from numpy.typing import NDArray
from torch.utils.data import Dataset

from ...constants import PCK_THRESHOLD, RAW_SCORE, TRUST
from ...metrics.evaluation.report.labels import label_of
from ...metrics.functional import is_correct, joint_errors, person_size
from ..visualization.drawing import add_trust_scale, crop_around, draw_pose

_COLUMNS = 4
_CELL = (2.3, 2.8)  # inches
_DPI = 90
_LABELS = {name: label_of(name) for name in (TRUST, RAW_SCORE)}


class PanelEntry(NamedTuple):
    """What is drawn of one person; small enough to pass between processes.

    Args:
        image_path: File of the image.
        bbox: ``(4,)`` box ``(x0, y0, x1, y1)`` in pixels of the image.
        keypoints: ``(K, 2)`` predicted joints in pixels of the image.
        scores: ``(K,)`` each, by name of the field; trust first.
        wrong: ``(K,)`` boolean, labeled joints that are wrong.
        num_labeled: Number of labeled joints.
    """

    image_path: str
    bbox: NDArray
    keypoints: NDArray
    scores: dict[str, NDArray]
    wrong: NDArray
    num_labeled: int

    @classmethod
    def from_sample(cls, sample: PoseDataSample) -> 'PanelEntry':
        """Take from a sample what is drawn.

        Args:
            sample: Prediction and ground truth of one person.

        Returns:
            The person.
        """
        truth, found = sample.gt_instances, sample.pred_instances
        size = person_size(truth.bboxes)
        errors = joint_errors(found.keypoints, truth.keypoints, size)[0]
        visible = np.asarray(truth.keypoints_visible)
        labeled = visible.reshape(len(errors), -1)[:, 0] > 0
        return cls(
            image_path=sample.img_path,
            bbox=truth.bboxes[0],
            keypoints=found.keypoints[0],
            scores={k: found[k][0] for k in _LABELS if k in found},
            wrong=labeled & ~is_correct(errors, PCK_THRESHOLD),
            num_labeled=int(labeled.sum()),
        )


@HOOKS.register_module()
class TrustPanelHook(Hook):
    """Hand one picture of a few persons to the backends of the visualizer.

    The persons are spread evenly over the data set and the same after each
    validation, however many processes share the work. Each is drawn twice,
    colored by trust and by the raw score (once where there is no trust);
    crosses mark wrong joints, off by more than 0.05 of the person size. The
    picture is called ``trust_panel`` (``score_panel`` without trust), its
    step is the epoch. A test leaves one at step 0.

    Args:
        num: Number of persons.

    Raises:
        ValueError: If ``num`` is below 1.
    """

    def __init__(self, num: int = 8) -> None:
        if num < 1:
            raise ValueError(
                f'TrustPanelHook.num: expected at least 1, found {num}; '
                'default_hooks.trust_panel=None draws none'
            )
        self.num = num
        self._chosen: list[int] = []
        self._seen: dict[int, PanelEntry] = {}

    def _before_epoch(self, runner: Runner, mode: str = 'train') -> None:
        """Choose by place in the data set, recognize by annotation id."""
        if mode == 'train':
            return
        dataset = _dataset(runner, mode)
        places = np.linspace(
            0, len(dataset) - 1, min(self.num, len(dataset))
        ).astype(int)
        self._chosen = [dataset.get_data_info(int(i))['id'] for i in places]
        self._seen = {}

    def _after_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
        mode: str = 'train',
    ) -> None:
        """Keep the chosen persons of a batch."""
        if mode == 'train':
            return
        for sample in outputs:
            if sample.id in self._chosen:
                self._seen[sample.id] = PanelEntry.from_sample(sample)

    def _after_epoch(self, runner: Runner, mode: str = 'train') -> None:
        """Bring the persons of all processes together and draw them."""
        if mode == 'train':
            return
        seen: dict[int, PanelEntry] = {}
        for part in all_gather_object(self._seen):
            seen.update(part)
        if not is_main_process():
            return
        persons = [seen[key] for key in self._chosen]
        links = _dataset(runner, mode).metainfo['skeleton_links']
        with_trust = 'keypoint_trust' in persons[0].scores
        runner.visualizer.add_image(
            'trust_panel' if with_trust else 'score_panel',
            draw_panel(persons, links),
            step=_epoch(runner),
        )


def _dataset(runner: Runner, mode: str) -> Dataset:
    return getattr(runner, f'{mode}_dataloader').dataset


def _epoch(runner: Runner) -> int:
    """Epoch of a training; 0 without one, which ``runner.epoch`` builds."""
    return runner.epoch if isinstance(runner._train_loop, BaseLoop) else 0


def draw_panel(
    persons: Sequence[PanelEntry], links: Sequence[tuple[int, int]]
) -> NDArray[np.uint8]:
    """Draw persons in columns, one row for each score below the other.

    Args:
        persons: At least one person, all with the same scores.
        links: Pairs of joints that a limb connects.

    Returns:
        ``(H, W, 3)`` RGB picture.
    """
    fields = list(persons[0].scores)
    columns = min(_COLUMNS, len(persons))
    rows = -(-len(persons) // columns) * len(fields)
    figure = Figure(
        figsize=(_CELL[0] * columns + 1, _CELL[1] * rows + 0.4),
        dpi=_DPI,
        layout='constrained',
    )
    canvas = FigureCanvasAgg(figure)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.axis('off')
    for place, person in enumerate(persons):
        image = imread(person.image_path, channel_order='rgb')
        row, column = divmod(place, columns)
        for below, field in enumerate(fields):
            axes = grid[row * len(fields) + below, column]
            _draw_person(axes, image, person, field, links)
    label = ' or '.join(_LABELS[field] for field in fields)
    add_trust_scale(figure, grid.flat, label)
    for axes in grid.flat:
        axes.set_anchor('C')  # the scale has moved them to its side
    figure.suptitle(
        f'× wrong joint, off by more than {PCK_THRESHOLD} of the person size',
        fontsize=10,
        wrap=True,
    )
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _draw_person(
    axes: Axes,
    image: NDArray,
    person: PanelEntry,
    field: str,
    links: Sequence[tuple[int, int]],
) -> None:
    cut, corner = crop_around(image, person.bbox)
    axes.imshow(cut)
    draw_pose(
        axes,
        person.keypoints - corner,
        person.scores[field],
        links,
        person.wrong,
    )
    height, width = cut.shape[:2]
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    wrong = f'{person.wrong.sum()} of {person.num_labeled} wrong'
    axes.set_title(f'{_LABELS[field]}, {wrong}', fontsize=9)
