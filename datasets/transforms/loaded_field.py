"""What transforms that read a field of each sample from a file share."""

from typing import Any, Literal, get_args

from mmpose.datasets.transforms import PackPoseInputs

Missing = Literal['error', 'skip', 'ignore']


def check_missing(name: str, missing: str) -> None:
    """Raise unless the action for a missing sample is known.

    Args:
        name: Name of the option, for the message.
        missing: The action.

    Raises:
        ValueError: If it is none of :data:`Missing`.
    """
    if missing not in get_args(Missing):
        raise ValueError(
            f'{name}: expected one of '
            f'{", ".join(map(repr, get_args(Missing)))}, found '
            f'{missing!r}; choose one of them'
        )


def add_field(results: dict[str, Any], name: str, value: Any) -> None:
    """Add a field that ``PackPoseInputs`` packs into ``gt_instances``.

    Args:
        results: The sample.
        name: Name of the field, here and there.
        value: Its value, one row per person.
    """
    results[name] = value
    results['instance_mapping_table'] = {
        **results.get(
            'instance_mapping_table', PackPoseInputs.instance_mapping_table
        ),
        name: name,
    }
