"""MMPose's inferencer with trust in what it returns, writes and draws."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .config_file import load_config
from .inference import (
    check_boxes,
    init_trust_model,
    load_image,
    mark_accepted,
)

# isort: split
import mmengine
import numpy as np
from mmengine.config import Config
from mmengine.structures import InstanceData
from mmpose.apis import MMPoseInferencer
from mmpose.apis.inferencers import Pose2DInferencer
from mmpose.evaluation.functional import nms
from mmpose.structures import PoseDataSample, split_instances
from numpy.typing import NDArray

from ..constants import ACCEPTED, TRUST
from ..models.pose_estimators.selfverify_topdown import SelfVerifyTopdown
from ..registry import SCOPE
from .visualization.inputs import images_of, kind_of

Array = NDArray[Any]
WHOLE_IMAGE = ('whole_image', 'whole-image')


class TrustInferencer(MMPoseInferencer):
    """:class:`mmpose.apis.MMPoseInferencer` with the trust of each keypoint.

    It is built and called as MMPose's. Each person it returns, and each one
    in the JSON files, has ``keypoint_trust`` beside ``keypoint_scores``, and
    ``keypoints_accepted`` where the checkpoint has a certificate; keypoints
    and limbs are drawn in the color of their trust, and ``kpt_thr`` is the
    least trust that is drawn. Two more differences: an image in which the
    detector finds nobody has no predictions, while MMPose's predicts one
    person in the whole image, and ``bboxes`` are used, which MMPose's
    ignores for top-down estimators.

    Args:
        pose2d: Path of the config of a ``SelfVerifyTopdown``, the config, or
            the name of one that the package has.
        pose2d_weights: Path of its checkpoint, with a trained trust head.
        device: Device such as ``'cpu'`` or ``'cuda:0'``; by default an
            accelerator if there is one.
        scope: Scope of the registries that the model is built from, and of
            the names.
        det_model: Config of a detector of MMDetection or its name in the
            model zoo, or ``'whole_image'`` for one person in each image; by
            default MMPose's, which is downloaded.
        det_weights: Path or address of the weights of the detector.
        det_cat_ids: Category, or categories, of persons in the detector.
        show_progress: Whether to show a progress bar.

    Raises:
        FileNotFoundError: If there is no such config or checkpoint.
        ValueError: If they cannot predict trust, or a detector is given
            without the category of persons.
    """

    def __init__(
        self,
        pose2d: str | Path | Config,
        pose2d_weights: str | Path | None = None,
        *,
        device: str | None = None,
        scope: str = SCOPE,
        det_model: str | Path | None = None,
        det_weights: str | None = None,
        det_cat_ids: int | Sequence[int] | None = None,
        show_progress: bool = False,
    ) -> None:
        if isinstance(pose2d, str | Path) and Path(pose2d).is_file():
            pose2d = load_config(pose2d)  # else it is a name
        # MMPose's own constructor makes its own inferencer
        self.visualizer = None
        self.show_progress = show_progress
        self.inferencer = TrustPose2DInferencer(
            *(_as_text(pose2d), _as_text(pose2d_weights), device, scope),
            *(_as_text(det_model), det_weights, det_cat_ids, show_progress),
        )

    def postprocess(
        self,
        preds: list[PoseDataSample],
        visualization: list[Array],
        **options: Any,
    ) -> dict[str, Any]:
        """Convert predictions to plain numbers, and write them.

        Args:
            preds: Samples with the persons of an image.
            visualization: Drawn images.
            **options: Those of :meth:`TrustPose2DInferencer.postprocess`.

        Returns:
            The same as :meth:`TrustPose2DInferencer.postprocess`.
        """
        return self.inferencer.postprocess(preds, visualization, **options)


class TrustPose2DInferencer(Pose2DInferencer):
    """:class:`mmpose.apis.Pose2DInferencer` with the trust of each keypoint.

    Its arguments are those of MMPose's; :class:`TrustInferencer` describes
    them and what it returns.
    """

    def __init__(
        self,
        model: str | Config,
        weights: str | None = None,
        device: str | None = None,
        scope: str = SCOPE,
        det_model: str | None = None,
        det_weights: str | None = None,
        det_cat_ids: int | Sequence[int] | None = None,
        show_progress: bool = False,
    ) -> None:
        if det_model not in (None, *WHOLE_IMAGE) and det_cat_ids is None:
            raise ValueError(
                'det_cat_ids: expected the category of persons in the '
                'detector, found none; give det_cat_ids=0 for one of COCO'
            )
        super().__init__(
            *(model, weights, device, scope),
            *(det_model, det_weights, det_cat_ids, show_progress),
        )

    def _load_model_from_metafile(self, model: str) -> tuple[Config, None]:
        try:
            config, _ = super()._load_model_from_metafile(model)
        except (AssertionError, KeyError, ValueError):
            raise ValueError(
                'pose2d: expected the path of a config, or a name that mim '
                f'search {SCOPE} lists with a config, found {model}; correct '
                'it'
            ) from None
        return config, None  # the weights are the user's own

    def _init_model(
        self, cfg: Config, weights: str | None, device: str = 'cpu'
    ) -> SelfVerifyTopdown:
        if weights is None:
            raise ValueError(
                'pose2d_weights: expected a checkpoint with a trained trust '
                'head, found none; give its path'
            )
        model = init_trust_model(cfg, weights, device)
        # what MMPose's inferencer reads beside the model
        cfg.setdefault('data_mode', 'topdown')
        cfg.setdefault('dataset_type', cfg.test_dataloader.dataset.type)
        cfg.visualizer = {
            **cfg.get('visualizer', {}),
            'type': 'TrustVisualizer',
        }
        return model

    def _inputs_to_list(self, inputs: Any) -> Any:
        images = self._list_images(inputs)
        paths = images if isinstance(images, list | tuple) else ()
        files = [Path(p) for p in paths if isinstance(p, str | Path)]
        self._repeated_names = _repeated(path.name for path in files)
        self._repeated_stems = _repeated(path.stem for path in files)
        return images

    def _list_images(self, inputs: Any) -> Any:
        self._video_input = False
        if not isinstance(inputs, str | Path):
            return super()._inputs_to_list(inputs)
        kind = kind_of(Path(inputs))
        if kind == 'video':
            return super()._inputs_to_list(str(inputs))
        if kind == 'folder':
            return [str(path) for path in images_of(Path(inputs))]
        return [str(inputs)]

    def _get_webcam_inputs(self, inputs: str) -> Any:
        self._video_input = False
        frames = super()._get_webcam_inputs(inputs)
        if not self._video_input:  # MMPose only warns
            raise OSError(
                f'inputs: expected a camera at {inputs}, found none that '
                'OpenCV can open; give the index of another one (webcam:1)'
            )
        return frames

    def preprocess(
        self,
        inputs: Sequence[str | Array],
        batch_size: int = 1,
        bboxes: Sequence[Any] | None = None,
        bbox_thr: float = 0.3,
        nms_thr: float = 0.3,
    ) -> Iterator[tuple[Any, list[str | Array]]]:
        """Prepare the persons of each image.

        Args:
            inputs: Paths of images, or ``(H, W, 3)`` BGR arrays.
            batch_size: Accepted as by MMPose's, which has no use for it.
            bboxes: For each image ``(N, 4)`` boxes ``(x0, y0, x1, y1)`` of
                persons in pixels, in place of the detector.
            bbox_thr: Least score of a box of the detector.
            nms_thr: Largest overlap of two boxes of the detector.

        Yields:
            The persons of an image, as :meth:`forward` takes them, and the
            image in a list.
        """
        if bboxes is not None and len(bboxes) != len(inputs):
            raise ValueError(
                f'bboxes: expected a list of boxes for each of {len(inputs)} '
                f'images, found {len(bboxes)}; give an empty list where '
                'nobody is'
            )
        for index, image in enumerate(inputs):
            pixels = load_image(image)
            path = image if isinstance(image, str) else f'{index:06}.jpg'
            if bboxes is not None:
                boxes = check_boxes(bboxes[index], f'bboxes of {path}')
                boxes = np.c_[boxes, np.ones(len(boxes), np.float32)]
            else:
                boxes = self._find_persons(pixels, bbox_thr, nms_thr)
            yield self._prepare(pixels, path, boxes), [image]

    def _find_persons(
        self, pixels: Array, bbox_thr: float, nms_thr: float
    ) -> Array:
        """Return ``(N, 5)`` boxes ``(x0, y0, x1, y1)`` and their scores."""
        if self.detector is None:
            height, width = pixels.shape[:2]
            return np.array([[0, 0, width, height, 1]], np.float32)
        (found,) = self.detector(pixels, return_datasamples=True)[
            'predictions'
        ]
        persons = found.pred_instances.cpu().numpy()
        boxes = np.c_[persons.bboxes, persons.scores].astype(np.float32)
        kept = np.isin(persons.labels, self.det_cat_ids)
        kept &= (persons.scores > bbox_thr) & _have_area(boxes)
        boxes = boxes[kept]
        return boxes[nms(boxes, nms_thr)]

    def _prepare(self, pixels: Array, path: str, boxes: Array) -> Any:
        """Return a batch of persons; a sample without any if there are none.

        MMPose's models take no empty batch.
        """
        if len(boxes) == 0:
            joints = self.model.dataset_meta['num_keypoints']
            nobody = PoseDataSample(metainfo={'img_path': path})
            nobody.pred_instances = InstanceData(
                keypoints=np.zeros((0, joints, 2), np.float32),
                keypoint_scores=np.zeros((0, joints), np.float32),
                keypoint_trust=np.zeros((0, joints), np.float32),
                bboxes=np.zeros((0, 4), np.float32),
                bbox_scores=np.zeros(0, np.float32),
            )
            return nobody
        persons = [
            {
                **self.model.dataset_meta,
                'img': pixels,
                'img_path': path,
                'bbox': box[None, :4],
                'bbox_score': box[4:],
            }
            for box in boxes
        ]
        return self.collate_fn([self.pipeline(one) for one in persons])

    def forward(self, inputs: Any, **options: Any) -> list[PoseDataSample]:
        """Predict the poses of an image.

        Args:
            inputs: Persons as of :meth:`preprocess`.
            **options: Those of MMPose's.

        Returns:
            A sample with all persons of the image.
        """
        if isinstance(inputs, PoseDataSample):
            return [inputs]
        samples = super().forward(inputs, **options)
        mark_accepted(self.model, samples)
        return samples

    def visualize(
        self, inputs: list[Any], preds: list[PoseDataSample], **options: Any
    ) -> list[Array]:
        """Draw the poses of images.

        Args:
            inputs: The images.
            preds: Samples as of :meth:`forward`.
            **options: Those of MMPose's.

        Returns:
            The drawn images.

        Raises:
            OSError: If they are to be shown and there is no display.
            ValueError: If two images to be written have the same name.
        """
        displays = ('DISPLAY', 'WAYLAND_DISPLAY')
        if options.get('show') and not any(map(os.environ.get, displays)):
            # Qt would end the process
            raise OSError(
                'show: expected a display, found none in DISPLAY; write the '
                'drawn images instead (out_dir), or start this on a desktop'
            )
        if options.get('vis_out_dir') and not self._video_input:
            _check_names(self._repeated_names)
        return super().visualize(inputs, preds, **options)

    def postprocess(
        self,
        preds: list[PoseDataSample],
        visualization: list[Array],
        return_datasample: bool | None = None,
        return_datasamples: bool = False,
        pred_out_dir: str = '',
    ) -> dict[str, Any]:
        """Convert predictions to plain numbers, and write them.

        Args:
            preds: Samples as of :meth:`forward`.
            visualization: Drawn images.
            return_datasample: The same as ``return_datasamples``.
            return_datasamples: Whether to return the samples.
            pred_out_dir: Folder of the JSON files; empty for none. A file
                is called as its image without the suffix, and with it where
                two images differ in nothing else.

        Returns:
            ``visualization``, and in ``predictions`` for each image the
            sample, or the list of its persons as dictionaries.

        Raises:
            ValueError: If two images have the same name, and one file would
                replace the other.
        """
        persons = [_as_dicts(sample.pred_instances) for sample in preds]
        if pred_out_dir:
            self._write(preds, persons, Path(pred_out_dir))
        samples = return_datasamples or return_datasample
        return {
            'visualization': visualization,
            'predictions': preds if samples else persons,
        }

    def _write(
        self,
        preds: list[PoseDataSample],
        persons: list[list[dict[str, Any]]],
        folder: Path,
    ) -> None:
        if self._video_input:  # written as one file in the end
            self.video_info['predictions'].extend(persons)
            return
        _check_names(self._repeated_names)
        for sample, found in zip(preds, persons, strict=True):
            path = Path(sample.metainfo['img_path'])
            # MMPose's name, or the whole one where two images share it
            shared = path.stem in self._repeated_stems
            name = path.name if shared else path.stem
            mmengine.dump(found, folder / f'{name}.json', indent='  ')


def _repeated(names: Iterable[str]) -> dict[str, int]:
    """Names that occur more than once, and how often."""
    counts = Counter(names)
    return {name: count for name, count in counts.items() if count > 1}


def _check_names(repeated: Mapping[str, int]) -> None:
    """Raise if what is written of one image would replace that of another."""
    for name, count in repeated.items():
        raise ValueError(
            'inputs: expected images of different file names, since what '
            f'is written is called like them, found {name} {count} times; '
            'predict each folder into one of its own (out_dir)'
        )


def _as_text(value: Any) -> Any:
    """Return a path as text, as MMPose wants it, and all else as it is."""
    return str(value) if isinstance(value, Path) else value


def _have_area(boxes: Array) -> NDArray[np.bool_]:
    return (boxes[:, :2] < boxes[:, 2:4]).all(1)


def _as_dicts(instances: InstanceData) -> list[dict[str, Any]]:
    """Return MMPose's dictionary of each person, with the trust."""
    names = [name for name in (TRUST, ACCEPTED) if name in instances]
    return [
        person | {name: instances[name][row].tolist() for name in names}
        for row, person in enumerate(split_instances(instances))
    ]
