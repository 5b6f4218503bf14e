"""The interface of a trust head."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from mmengine.model import BaseModule
from torch import Tensor

from ..distributions import KeypointDistribution
from ..output_checks import check_tensor
from .anchor import FreeScoreAnchor
from .calibration import TrustCalibration
from .trust_features import domain_features


class BaseTrustHead(BaseModule):
    """Predicts trust from the pose network's output.

    The logit of the trust is the calibrated log odds of the pose network's
    free score plus a residual, which the head predicts, see
    :class:`FreeScoreAnchor`. A head of a user's own derives from this class,
    is registered in MMPose's ``MODELS`` and implements :meth:`forward`, best
    so that it starts near zero. It takes the arguments below;
    the estimator gives it ``in_channels``, ``num_keypoints`` and
    ``num_scalars`` where its config does not, and ``levels``.

    Args:
        in_channels: Channels of each level that is read.
        num_keypoints: Number of keypoints K.
        num_scalars: Number of scalar features S, see ``TrustFeatures``.
        levels: Positions of the feature maps that are read; as many as
            ``in_channels``.
        init_cfg: Weight initialization of mmengine. Defaults to None.

    Attributes:
        default_levels: Levels where the config names none; None for the two
            finest maps.

    Raises:
        TypeError: If ``init_cfg`` is no config.
        ValueError: If ``in_channels`` and ``levels`` differ in length.
    """

    default_levels: ClassVar[tuple[int, ...] | None] = None

    def __init__(
        self,
        in_channels: Sequence[int],
        num_keypoints: int,
        num_scalars: int,
        levels: Sequence[int] = (0, 1),
        init_cfg: dict | None = None,
    ) -> None:
        if init_cfg is not None and not isinstance(init_cfg, (dict, list)):
            raise TypeError(
                'model.trust_head.init_cfg: expected a dict, a list of dicts '
                f'or None, found {init_cfg!r}; remove it or correct it'
            )
        super().__init__(init_cfg)
        if len(in_channels) != len(levels):
            raise ValueError(
                'model.trust_head.in_channels: expected one number of '
                f'channels for each of the levels {tuple(levels)}, found '
                f'{tuple(in_channels)}; give as many'
            )
        self.levels, self.in_channels = tuple(levels), tuple(in_channels)
        self.num_keypoints, self.num_scalars = num_keypoints, num_scalars
        self.anchor = FreeScoreAnchor(num_keypoints)
        self.calibration = TrustCalibration()

    @abstractmethod
    def forward(
        self,
        features: Sequence[Tensor],
        distribution: KeypointDistribution,
        keypoints: Tensor,
    ) -> Tensor:
        """Predict what trust differs by from the free score.

        Args:
            features: ``(B, C_i, h_i, w_i)`` all feature maps that the pose
                head is given; those to read are ``self.levels``.
            distribution: Predicted distributions of the keypoints.
            keypoints: ``(B, K, 2)`` keypoints to score, pixels of the crop.

        Returns:
            ``(B, K)`` residuals of the logits of trust.
        """

    def logits(
        self,
        features: Sequence[Tensor],
        distribution: KeypointDistribution,
        keypoints: Tensor,
        verified: Tensor | None = None,
    ) -> Tensor:
        """Predict trust logits, and check what :meth:`forward` returns.

        Args:
            features: ``(B, C_i, h_i, w_i)`` feature maps of the backbone.
            distribution: Predicted distributions of the keypoints.
            keypoints: ``(B, K, 2)`` keypoints that are decoded from it,
                pixels of the crop.
            verified: As of :class:`FreeScoreAnchor`.

        Returns:
            ``(B, K)`` trust logits; the sigmoid of one is the probability
            that the keypoint is correct.

        Raises:
            TypeError: If the residuals are no tensor of floating numbers.
            ValueError: If their shape or device differs.
        """
        residual: Tensor = self(features, distribution, keypoints)
        check_tensor(
            f'{type(self).__name__}.forward',
            residual,
            'floating',
            keypoints.shape[:2],
            keypoints.device,
        )
        # the trust loss must not train the free score
        free_scores = distribution.free_score().detach()
        domain = None
        if self.anchor.reads_domain and not self.training:
            domain = domain_features(
                features, keypoints, distribution.input_size
            )
        logits: Tensor = self.anchor(free_scores, residual, domain, verified)
        return logits

    @property
    def reads_maps(self) -> bool:
        """Whether prediction reads feature maps."""
        return bool(self.levels) or self.anchor.reads_domain

    def predict(
        self,
        features: Sequence[Tensor],
        distribution: KeypointDistribution,
        keypoints: Tensor,
        verified: Tensor | None = None,
    ) -> Tensor:
        """Predict trust, the sigmoid of :meth:`logits`.

        Args:
            features: ``(B, C_i, h_i, w_i)`` feature maps of the backbone.
            distribution: Predicted distributions of the keypoints.
            keypoints: ``(B, K, 2)`` keypoints that are decoded from it,
                pixels of the crop.
            verified: As of :class:`FreeScoreAnchor`.

        Returns:
            ``(B, K)`` trust in [0, 1], float32, before calibration.
        """
        logits = self.logits(features, distribution, keypoints, verified)
        return logits.float().sigmoid()
