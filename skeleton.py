"""The 17 keypoints of COCO: names, mirror pairs and annotation spread.

Imports nothing of this package, so that every part may import it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

JOINTS = (
    'nose',
    'left_eye',
    'right_eye',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)
NUM_JOINTS = len(JOINTS)
# Pairs of joints that a line connects, in the order of COCO's categories.
LINKS = (
    *((15, 13), (13, 11), (16, 14), (14, 12), (11, 12), (5, 11), (6, 12)),
    *((5, 6), (5, 7), (6, 8), (7, 9), (8, 10), (1, 2), (0, 1), (0, 2)),
    *((1, 3), (2, 4), (3, 5), (4, 6)),
)
LIMB_JOINTS = JOINTS[5:]  # shoulders to ankles
# The keypoint that each one becomes in a mirror.
FLIP = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
# Spread of the annotators' clicks as a share of the square root of the
# person's area: https://cocodataset.org/#keypoints-eval
COCO_SIGMAS = (
    *(0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072),
    *(0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089),
)


def joint_name(name: str) -> str:
    """Write the name of a joint as in ``JOINTS``.

    Args:
        name: Name as a data set spells it, such as ``'Left Hip'``.

    Returns:
        The name in lower case, with underscores between its words.

    Example:
        >>> joint_name('Left Hip')
        'left_hip'
    """
    return name.strip().lower().replace(' ', '_').replace('-', '_')


# Words in the names of joints, in any data set of MMPose
_GROUPS = {
    'head': {'nose', 'eye', 'ear', 'head', 'neck'},
    'torso': {'thorax', 'pelvis', 'spine', 'chest'},
    'arms': {'shoulder', 'elbow', 'wrist'},
    'legs': {'hip', 'knee', 'ankle'},
    'feet': {'foot', 'toe', 'heel'},
    'hands': {'hand', 'thumb', 'forefinger', 'middle', 'ring', 'pinky'},
    'face': {'face'},
}


def joint_groups(names: Sequence[str]) -> dict[str, list[int]]:
    """Group joints by the words in their names.

    Args:
        names: Names of the K joints, written as in ``JOINTS``.

    Returns:
        Positions of the joints of each group of two or more, by the name of
        the group.

    Example:
        >>> joint_groups(('nose', 'left_eye', 'left_knee', 'right_knee'))
        {'head': [0, 1], 'legs': [2, 3]}
    """
    words = [
        {word.rstrip('0123456789') for word in name.split('_')}
        for name in names
    ]
    found = {
        group: [k for k, one in enumerate(words) if one & known]
        for group, known in _GROUPS.items()
    }
    return {group: rows for group, rows in found.items() if len(rows) > 1}


def names_in(metainfo: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the keypoints of a data set.

    Args:
        metainfo: Meta information as MMPose parses it.

    Returns:
        Names in order; none where it holds none.

    Example:
        >>> names_in({'keypoint_id2name': {0: 'nose', 1: 'left_eye'}})
        ('nose', 'left_eye')
    """
    names = metainfo.get('keypoint_id2name', {})
    return tuple(names[k] for k in range(len(names)))


def links_in(metainfo: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    """Return the pairs of keypoints that a line connects in a data set.

    Args:
        metainfo: Meta information as MMPose parses it.

    Returns:
        Positions of both keypoints of each pair; none where it holds none.

    Example:
        >>> links_in({'skeleton_links': [[0, 1], [0, 2]]})
        ((0, 1), (0, 2))
    """
    return tuple(
        (int(a), int(b)) for a, b in metainfo.get('skeleton_links', ())
    )
