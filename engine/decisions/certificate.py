"""Certificates: thresholds, what they promise, and the data behind them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...coco_fields import check_file, read_json
from ...output_files import write_json
from ...skeleton import joint_groups
from .risk_control import Threshold

FORMAT = 'self_verify_pose certificate'
VERSION = 1
Level = Literal['all', 'groups', 'joints']


@dataclass(frozen=True)
class Certificate:
    """Thresholds of one score with a guarantee on the joints that they keep.

    Attributes:
        score: Name of the score, such as ``'keypoint_trust'``.
        risk: Largest promised share of wrong joints among the kept ones.
        confidence: Probability with which each line's promise holds.
        dist_thr: Largest error of a correct joint in person sizes.
        joint_names: Names of the K joints.
        all: Threshold of all joints together.
        groups: Thresholds of groups of joints, by name.
        joints: Thresholds of single joints, by name.
        persons: Number of persons behind the thresholds.
        data: Names and SHA-256 hashes of the files behind them.
        image_scores: Mean score of each joint in images behind it, to compare
            further images with.
    """

    score: str
    risk: float
    confidence: float
    dist_thr: float
    joint_names: tuple[str, ...]
    all: Threshold
    groups: Mapping[str, Threshold]
    joints: Mapping[str, Threshold]
    persons: int
    data: Mapping[str, Any] = field(default_factory=dict)
    image_scores: tuple[tuple[float, ...], ...] = ()

    @property
    def promise(self) -> str:
        """What the thresholds promise, in words."""
        return (
            f'Of the joints whose {self.score} reaches a threshold at most '
            f'{self.risk:.1%} are wrong (error above {self.dist_thr:g} of the '
            'longer box side) in further images like these, whatever their '
            'number of persons, each image counting the same; each threshold '
            f'by itself with {self.confidence:.0%} confidence.'
        )

    @property
    def expected_scores(self) -> NDArray[np.float64]:
        """``(I, K)`` mean score of each joint in images behind it."""
        return np.array(self.image_scores).reshape(-1, len(self.joint_names))

    def lines(self) -> Iterator[tuple[str, Threshold]]:
        """Iterate over all thresholds.

        Yields:
            Name and threshold: of all joints, of the groups, of the joints.
        """
        yield 'all joints', self.all
        yield from self.groups.items()
        yield from self.joints.items()

    def thresholds(self, level: Level = 'all') -> NDArray[np.float64]:
        """Return the threshold of each joint.

        Args:
            level: Whose promise is to hold: that of all joints together, of
                each group or of each joint.

        Returns:
            ``(K,)`` thresholds; infinite where there is none.

        Raises:
            ValueError: If the level is unknown.
        """
        if level not in get_args(Level):
            raise ValueError(
                f'level: expected one of {", ".join(get_args(Level))}, found '
                f'{level!r}; choose one of them'
            )
        values = np.full(len(self.joint_names), np.inf)
        if level == 'all':
            values[:] = _value(self.all)
        elif level == 'joints':
            values[:] = [_value(self.joints[n]) for n in self.joint_names]
        else:
            for name, rows in joint_groups(self.joint_names).items():
                values[rows] = _value(self.groups[name])
        return values

    def accept(
        self, scores: ArrayLike, level: Level = 'all'
    ) -> NDArray[np.bool_]:
        """Decide which joints are kept.

        Args:
            scores: ``(..., K)`` scores.
            level: See :meth:`thresholds`.

        Returns:
            ``(..., K)`` whether each joint is kept.

        Raises:
            ValueError: If the level is unknown, or there is another number
                of joints.
        """
        values = np.asarray(scores, np.float64)
        if values.shape[-1:] != (len(self.joint_names),):
            raise ValueError(
                f'certificate: expected {len(self.joint_names)} joints, found '
                f'scores of shape {values.shape}; give predictions of the '
                'skeleton that it was made for'
            )
        # single precision, in which networks predict, as in the files
        return np.asarray(
            values.astype(np.float32)
            >= self.thresholds(level).astype(np.float32)
        )


def _value(threshold: Threshold) -> float:
    return np.inf if threshold.threshold is None else threshold.threshold


def as_json(certificate: Certificate) -> dict[str, Any]:
    """Write a certificate as plain values.

    Args:
        certificate: The certificate.

    Returns:
        What :func:`from_json` reads.
    """
    return {
        'format': FORMAT,
        'version': VERSION,
        'promise': certificate.promise,
        'unit': 'image',
        'score': certificate.score,
        'risk': certificate.risk,
        'confidence': certificate.confidence,
        'dist_thr': certificate.dist_thr,
        'images': certificate.all.images,
        'persons': certificate.persons,
        'data': dict(certificate.data),
        'joint_names': list(certificate.joint_names),
        'all': certificate.all._asdict(),
        'groups': {k: t._asdict() for k, t in certificate.groups.items()},
        'joints': {k: t._asdict() for k, t in certificate.joints.items()},
        'image_scores': [list(row) for row in certificate.image_scores],
    }


def from_json(content: Any, where: str) -> Certificate:
    """Read a certificate from plain values.

    Args:
        content: As of :func:`as_json`.
        where: File, for the message.

    Returns:
        The certificate.

    Raises:
        ValueError: If it is something else.
    """
    try:
        found = content['format'], content['version']
        if found != (FORMAT, VERSION):
            raise ValueError(f'{found[0]!r}, version {found[1]!r}')
        certificate = Certificate(
            str(content['score']),
            float(content['risk']),
            float(content['confidence']),
            float(content['dist_thr']),
            tuple(content['joint_names']),
            _threshold(content['all']),
            {k: _threshold(t) for k, t in content['groups'].items()},
            {k: _threshold(t) for k, t in content['joints'].items()},
            int(content['persons']),
            dict(content['data']),
            tuple(tuple(map(float, row)) for row in content['image_scores']),
        )
        certificate.thresholds('groups')
        certificate.thresholds('joints')
        if not np.isfinite(certificate.expected_scores).all():
            raise ValueError('NaN or infinite scores')
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f'{where}: expected a certificate of choose_threshold.py, version '
            f'{VERSION}, found {type(error).__name__}: {error}; choose the '
            'thresholds again'
        ) from error
    return certificate


def _threshold(content: dict[str, Any]) -> Threshold:
    threshold = Threshold(**content)
    for value in (*threshold[2:], threshold.threshold or 0.0):
        if not isinstance(value, int | float) or not np.isfinite(value):
            raise ValueError(f'the number {value!r}')
    return threshold


def save_certificate(certificate: Certificate, path: Path) -> None:
    """Write a certificate, whole or not at all.

    Args:
        certificate: The certificate.
        path: The file to make or to replace.
    """
    write_json(path, as_json(certificate))


def load_certificate(path: Path) -> Certificate:
    """Read a certificate.

    Args:
        path: A file of :func:`save_certificate`.

    Returns:
        The certificate.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds something else.
    """
    check_file(path)
    return from_json(read_json(path), str(path))
