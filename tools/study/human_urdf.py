"""URDF file of the human, for ``tools/fit_body_statistics.py``.

The file has revolute joints and fixed tips only: ``pytorch_kinematics``
supports no ball joints, so each is three revolute joints through one point.
"""

from typing import Any
from xml.sax.saxutils import quoteattr

AXES = {'x': '1 0 0', 'y': '0 1 0', 'z': '0 0 1'}


def human_urdf(body: dict[str, Any]) -> str:
    """Write the chain of ``body.json`` as URDF text.

    Convention: lengths are fractions of stature; x to the person's left, y
    down, z backwards in the rest pose; angles in radians, right-handed about
    the axis.

    Args:
        body: Result of ``body_description``.

    Returns:
        The text of the file.
    """
    links, joints = ['pelvis'], []
    for part in body['chain']:
        parent, origin = part['parent'], part['origin']
        for axis, limits in part['axes'].items():
            child = f'{part["name"]}_{axis}'
            low, high = limits
            joints += _joint(
                child,
                'revolute',
                parent,
                child,
                origin,
                f'    <axis xyz="{AXES[axis]}"/>',
                f'    <limit lower="{low:.5f}" upper="{high:.5f}" '
                'effort="1" velocity="1"/>',
            )
            links.append(child)
            parent, origin = child, [0.0, 0.0, 0.0]
        for tip, offset in part['tips'].items():
            joints += _joint(f'{tip}_tip', 'fixed', parent, tip, offset)
            links.append(tip)
    lines = [
        '<?xml version="1.0"?>',
        '<!-- Made by tools/fit_body_statistics.py; see body.json. -->',
        '<robot name="human">',
        *(f'  <link name="{name}"/>' for name in links),
        *joints,
        '</robot>',
        '',
    ]
    return '\n'.join(lines)


def _joint(
    name: str,
    kind: str,
    parent: str,
    child: str,
    origin: list[float],
    *motion: str,
) -> list[str]:
    """The lines of one URDF joint."""
    xyz = ' '.join(f'{value:.6g}' for value in origin)
    return [
        f'  <joint name={quoteattr(name)} type="{kind}">',
        f'    <parent link="{parent}"/>',
        f'    <child link="{child}"/>',
        f'    <origin xyz="{xyz}" rpy="0 0 0"/>',
        *motion,
        '  </joint>',
    ]
