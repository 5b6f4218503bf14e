"""Trust of :class:`PosthocTrust` as JSON, which executes nothing."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from ...output_files import write_json
from .boosted_trees import BoostedTrees
from .model_choice import MODELS, CrossValidation
from .posthoc_trust import PosthocTrust
from .score_map import ScoreMap

FORMAT = 'self_verify_pose posthoc trust 1'


def save_trust(
    path: Path, trust: PosthocTrust, fitted_on: dict[str, Any]
) -> None:
    """Write a trust, whole or not at all.

    Args:
        path: The file.
        trust: The trust.
        fitted_on: What it was fitted on, for those who read the file.
    """
    content = {
        'format': FORMAT,
        'fitted_on': fitted_on,
        'cross_validation': trust.found._asdict(),
        'kind': trust.kind,
        'share': trust.share,
        'scale': trust.scale,
        'shift': trust.shift,
        'with_second': trust.with_second,
        'score_map': dataclasses.asdict(trust.score_map),
        'model': trust.model and dataclasses.asdict(trust.model),
    }
    write_json(path, _to_lists(content))


def _to_lists(value: Any) -> Any:
    """Arrays as lists, also within dicts."""
    if isinstance(value, dict):
        return {name: _to_lists(one) for name, one in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def load_trust(path: Path) -> tuple[PosthocTrust, dict[str, Any]]:
    """Read a trust.

    Args:
        path: A file of :func:`save_trust`.

    Returns:
        The trust, and what it was fitted on.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file holds something else.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f'expected a file of fit_trust.py, found nothing at {path}; '
            'correct the path.'
        )
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        if content['format'] != FORMAT:
            raise ValueError(f'the format {content["format"]!r}')
        trust = _build(content)
    except (
        AttributeError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        raise ValueError(
            f'{path}: expected a file of fit_trust.py of this version, found '
            f'{error}; fit the trust again.'
        ) from error
    return trust, content['fitted_on']


def _build(content: dict[str, Any]) -> PosthocTrust:
    score_map = ScoreMap(**_numbers(content['score_map']))
    kind, model = content['kind'], None
    if kind != 'map':
        model = MODELS[kind](**_numbers(content['model']))
    if isinstance(model, BoostedTrees):
        model.check()
    single = ('share', 'scale', 'shift')
    numbers = {name: float(content[name]) for name in single}
    if not np.isfinite([*numbers.values()]).all():
        raise ValueError('NaN or infinite numbers')
    found = CrossValidation(**content['cross_validation'])
    return PosthocTrust(
        score_map,
        kind,
        model,
        **numbers,
        with_second=bool(content['with_second']),
        found=found,
    )


def _numbers(fields: dict[str, Any]) -> dict[str, Any]:
    """Lists of numbers as arrays; nested lists stay."""
    return {
        name: np.asarray(value, np.float64)
        if isinstance(value, list) and not isinstance(value[0], list)
        else value
        for name, value in fields.items()
    }
