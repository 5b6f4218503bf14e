"""The interface of everything that a pose head can predict.

A pose head predicts, for each keypoint, a distribution over positions in the
crop: two one-dimensional ones (SimCC), a heatmap, or the parameters of a
density. A :class:`KeypointDistribution` holds the output of the head for a
batch together with what is needed to read it and with the person sizes, so
that nothing outside this package knows which family a head belongs to. A
:class:`DistributionReader` makes such objects for one head.

Convention:
    Points are ``(x, y)`` in pixels of the crop, pixel centers at integers.
    ``input_size`` is ``(W, H)``. B is the batch size, K the number of
    keypoints. Person sizes are in pixels of the view that was predicted.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from torch import Tensor
from typing_extensions import Self

from ...constants import PCK_THRESHOLD
from ..geometry.coordinates import Size2D

# positions farther than this from the peak, in person sizes, are another mode
SECOND_MODE_DISTANCE = 2 * PCK_THRESHOLD


class KeypointDistribution(ABC):
    """Predicted distributions of the keypoints of a batch.

    Attributes:
        kind: Short name of the family; prefix of the names of its scores in
            predictions.
        statistic_names: Names of the S columns of :meth:`statistics`.
        sizes: ``(B,)`` person sizes in pixels of the view.
    """

    kind: ClassVar[str]
    statistic_names: ClassVar[tuple[str, ...]]
    sizes: Tensor

    @property
    @abstractmethod
    def input_size(self) -> Size2D:
        """Crop size ``(W, H)`` in pixels."""

    @property
    @abstractmethod
    def output(self) -> Any:
        """The output of the pose head, as its ``decode`` method takes it."""

    @abstractmethod
    def detach(self) -> Self:
        """Return the same distributions, cut from the graph.

        Returns:
            A distribution that shares the data.
        """

    @abstractmethod
    def mirrored(
        self,
        flip_indices: Sequence[int],
        test_cfg: Mapping[str, Any] | None = None,
    ) -> Self:
        """Return the prediction for a mirrored view in the crop itself.

        Args:
            flip_indices: ``(K,)`` the keypoint that each becomes in a mirror.
            test_cfg: Options of the model's flip test, such as
                ``shift_heatmap``; None for those of MMPose's head.

        Returns:
            Distributions mirrored as the pose head does in its flip test.
        """

    @abstractmethod
    def averaged(self, other: Self) -> Self:
        """Average two predictions as the pose head does in its flip test.

        Args:
            other: Another prediction for the same crops.

        Returns:
            Their average.
        """

    @abstractmethod
    def hard_decode(self) -> Tensor:
        """Return the most probable positions, as the pose head decodes them.

        Returns:
            ``(B, K, 2)`` points in pixels, float32, without gradient.
        """

    @abstractmethod
    def soft_decode(self) -> Tensor:
        """Return the expected positions, which are differentiable.

        Returns:
            ``(B, K, 2)`` points in pixels.
        """

    @abstractmethod
    def raw_scores(self) -> Tensor:
        """Return the pose head's own scores.

        Returns:
            ``(B, K)`` scores, float32; the range depends on the family.
        """

    @abstractmethod
    def mass_within(self, points: Tensor, radius: float) -> Tensor:
        """Return the probability of the discs around points.

        Args:
            points: ``(B, K, 2)`` points in pixels, one per keypoint.
            radius: Radius of the discs in person sizes.

        Returns:
            ``(B, K)`` mass in [0, 1], float32.
        """

    @abstractmethod
    def peak_within(self, points: Tensor, radius: float) -> Tensor:
        """Return the score of the best position near a point.

        Args:
            points: ``(B, K, 2)`` points in pixels, one per keypoint.
            radius: Largest distance from the point in person sizes.

        Returns:
            ``(B, K)``, float32: what :meth:`raw_scores` would be if only
            these positions could be predicted.
        """

    @abstractmethod
    def entropy(self) -> Tensor:
        """Return the entropy of each distribution.

        Returns:
            ``(B, K)`` share in [0, 1] of the largest possible, that of the
            uniform distribution over the crop; float32.
        """

    @abstractmethod
    def second_mode(self) -> Tensor:
        """Return how strong the best position away from the peak is.

        Returns:
            ``(B, K)`` largest value farther than ``SECOND_MODE_DISTANCE``
            person sizes from the peak as a share of the peak, in [0, 1],
            float32.
        """

    def expected_correctness(self) -> Tensor:
        """Return the probability of an error of at most the PCK threshold.

        Returns:
            ``(B, K)`` mass within ``PCK_THRESHOLD`` person sizes of the hard
            decoded position, in [0, 1], float32.
        """
        return self.mass_within(self.hard_decode(), PCK_THRESHOLD)

    def free_score(self) -> Tensor:
        """Return the score that tells correct keypoints best of all above.

        Trust starts from it. It is the expected correctness where a family
        has nothing better.

        Returns:
            ``(B, K)`` in [0, 1], float32.
        """
        return self.expected_correctness()

    def scores(self) -> dict[str, Tensor]:
        """Score the keypoints by their distributions alone.

        Returns:
            ``(B, K)`` scores by name, float32, higher is more certain:
            ``certainty``, one minus the entropy; ``expected``, see
            :meth:`expected_correctness`; ``single_mode``, one minus the
            second mode. All are in [0, 1].
        """
        return {
            'certainty': 1 - self.entropy(),
            'expected': self.expected_correctness(),
            'single_mode': 1 - self.second_mode(),
        }

    @abstractmethod
    def statistics(self) -> Tensor:
        """Describe the distribution of each keypoint.

        Returns:
            ``(B, K, S)``, one column for each of ``statistic_names``.
        """


class DistributionReader(ABC):
    """Makes distributions of the outputs and the targets of one pose head.

    Attributes:
        distribution: Class of the distributions.
        families: Pose heads that can be read, for messages.
        target_fields: Fields of a training sample's ``gt_instance_labels``
            or ``gt_fields`` that hold the targets of the head.
        input_size: Crop size ``(W, H)`` in pixels.
    """

    distribution: ClassVar[type[KeypointDistribution]]
    families: ClassVar[str]
    target_fields: ClassVar[tuple[str, ...]]
    input_size: Size2D

    @classmethod
    @abstractmethod
    def from_head(cls, head: Any) -> Self | None:
        """Read from a pose head how its output is encoded.

        Args:
            head: A pose head of MMPose.

        Returns:
            The reader; None if the head belongs to another family.
        """

    @staticmethod
    def num_keypoints(head: Any) -> int:
        """Return the number of keypoints that a head predicts.

        Args:
            head: A pose head of the family.

        Returns:
            Its K.
        """
        return int(head.out_channels)

    def check_test_cfg(self, test_cfg: Mapping[str, Any]) -> None:
        """Raise if the options of the flip test do not fit the head.

        Args:
            test_cfg: ``test_cfg`` of the model.

        Raises:
            ValueError: If they do not.
        """
        del test_cfg  # most heads have no options

    @abstractmethod
    def read(self, output: Any, sizes: Tensor) -> KeypointDistribution:
        """Wrap the output of the head.

        Args:
            output: What ``head.forward`` returns for B crops.
            sizes: ``(B,)`` person sizes in pixels of the crop.

        Returns:
            The distributions.
        """

    @abstractmethod
    def read_targets(
        self, targets: Mapping[str, Tensor], sizes: Tensor
    ) -> KeypointDistribution:
        """Wrap the targets of the head, whose peaks are the true positions.

        Args:
            targets: Tensors by name, see ``target_fields``.
            sizes: ``(B,)`` person sizes in pixels of the crop.

        Returns:
            The distributions.
        """

    def pose_loss(
        self,
        head: Any,
        output: Any,
        targets: Mapping[str, Tensor],
        data_samples: Sequence[Any],
        train_cfg: Mapping[str, Any],
    ) -> dict[str, Tensor]:
        """Compute what ``head.loss`` computes, without its forward pass.

        Args:
            head: The pose head.
            output: What ``head.forward`` returned for the crops.
            targets: Tensors by name, see ``target_fields``.
            data_samples: B training samples.
            train_cfg: ``train_cfg`` of the model.

        Returns:
            Losses, and ``acc_pose``, by name.
        """
        del targets
        losses: dict[str, Tensor] = type(head).loss(
            _ComputedHead(head, output), (), data_samples, train_cfg
        )
        return losses


class _ComputedHead:
    """A pose head whose output for the crops is known already."""

    def __init__(self, head: Any, output: Any) -> None:
        self._head, self._output = head, output

    def forward(self, features: Any) -> Any:
        """Return the known output; the features are not read."""
        return self._output

    def __getattr__(self, name: str) -> Any:
        return getattr(self._head, name)


_Reader = TypeVar('_Reader', bound=DistributionReader)
READERS: list[type[DistributionReader]] = []


def register_reader(kind: type[_Reader]) -> type[_Reader]:
    """Make a family of pose heads known to ``read_head``.

    Args:
        kind: The reader of the family.

    Returns:
        The same class, so that this is a decorator.

    Raises:
        TypeError: If it is no reader, or lacks a part of one.

    Example:
        >>> try:
        ...     register_reader(dict)
        ... except TypeError as error:
        ...     print(str(error)[:40])
        register_reader: expected a class derive
    """
    if not (isinstance(kind, type) and issubclass(kind, DistributionReader)):
        raise TypeError(
            'register_reader: expected a class derived from '
            f'DistributionReader, found {kind!r}; decorate the class with it'
        )
    parts = {*DistributionReader.__annotations__} - {'input_size'}
    lacking = {part for part in parts if not hasattr(kind, part)}
    lacking |= kind.__abstractmethods__
    if lacking:
        raise TypeError(
            'register_reader: expected a complete DistributionReader, found '
            f'{kind.__name__} without {", ".join(sorted(lacking))}; add it'
        )
    READERS.append(kind)
    return kind
