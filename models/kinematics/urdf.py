"""The human as a URDF file: revolute joints and fixed tips, nothing else.

``pytorch_kinematics`` knows no ball joints, so each is three revolute joints
through one point.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import quoteattr

AXES = {'x': (1, 0, 0), 'y': (0, 1, 0), 'z': (0, 0, 1)}


def _joint(
    name: str,
    kind: str,
    parent: str,
    child: str,
    origin: list[float],
    axis: str = '',
    limits: list[float] | None = None,
) -> str:
    """One URDF joint; angles in radians."""
    xyz = ' '.join(f'{value:.6g}' for value in origin)
    lines = [
        f'  <joint name={quoteattr(name)} type="{kind}">',
        f'    <parent link="{parent}"/>',
        f'    <child link="{child}"/>',
        f'    <origin xyz="{xyz}" rpy="0 0 0"/>',
    ]
    if kind == 'revolute':
        low, high = limits or [0.0, 0.0]
        vector = ' '.join(str(value) for value in AXES[axis])
        lines.append(f'    <axis xyz="{vector}"/>')
        lines.append(
            f'    <limit lower="{low:.5f}" upper="{high:.5f}" '
            'effort="1" velocity="1"/>'
        )
    return '\n'.join([*lines, '  </joint>'])


def human_urdf(body: dict[str, Any]) -> str:
    """Write the chain of ``body.json`` as URDF text.

    Convention: lengths are fractions of stature; x to the person's left, y
    down, z backwards in the rest pose; angles in radians, right-handed about
    the axis.
    """
    links, joints = ['pelvis'], []
    for part in body['chain']:
        parent, origin = part['parent'], part['origin']
        for axis, limits in part['axes'].items():
            child = f'{part["name"]}_{axis}'
            joints.append(
                _joint(child, 'revolute', parent, child, origin, axis, limits)
            )
            links.append(child)
            parent, origin = child, [0.0, 0.0, 0.0]
        for tip, offset in part['tips'].items():
            joints.append(_joint(f'{tip}_tip', 'fixed', parent, tip, offset))
            links.append(tip)
    body_text = [f'  <link name="{name}"/>' for name in links]
    return '\n'.join(
        [
            '<?xml version="1.0"?>',
            '<!-- Made by tools/fit_body_statistics.py; see body.json. -->',
            '<robot name="human">',
            *body_text,
            *joints,
            '</robot>',
            '',
        ]
    )
