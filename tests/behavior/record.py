"""Record what the package computes on real data, or compare with a record.

    python tests/behavior/record.py [--write]

Without ``--write`` the figures are computed and compared, bit for bit, with
those of ``recorded.json``. Recorded are, on persons of ``../shared``: the
losses and gradient norms of three fixed training batches for every named
config and trust source, the predictions of three configs, and the report of
``tools/eval_trust.py`` on the given predictions.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import runpy
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / 'shared'
COCO_MINI = SHARED / 'data' / 'coco_mini'
CHECKPOINT = (
    SHARED / 'checkpoints' / 'rtmpose-s_lspet+coco-mini_256x192_fp16.pth'
)
RECORD = Path(__file__).with_name('recorded.json')
BATCHES, BATCH_SIZE, VAL_PERSONS = 3, 4, 96
NAME = '{}_rtmpose_s_1x32g_coco-256x192'
BASELINE, CYCLE = NAME.format('baseline'), NAME.format('selfverify_cycle')
SOLVABILITY = NAME.format('solvability')
BEST = NAME.format('trust_best')
CACHEGEN = NAME.format('cachegen')
CACHED = NAME.format('solvability_cached_trusthead')
_HARD = 'model.consistency_cfg.hard_view'
_TARGET = 'model.consistency_cfg.target'

# name of the run: config and its --cfg-options
TRAINING: dict[str, tuple[str, dict[str, Any]]] = {
    'baseline': (BASELINE, {}),
    'selfverify_cycle': (CYCLE, {}),
    'solvability': (SOLVABILITY, {}),
    'solvability, fk': (SOLVABILITY, {'model.solvability_cfg.teacher': 'fk'}),
    'unified': (SOLVABILITY, {'model.trust_cfg.source': 'unified'}),
    'annotation': (CYCLE, {'model.trust_cfg.source': 'annotation'}),
    'trust_best': (BEST, {}),
    'selfverify_cycle, decay': (CYCLE, {_TARGET: 'decay'}),
    'trust_best, agreement': (BEST, {_TARGET: 'agreement'}),
    'trust_best, cross_view_mass': (BEST, {_TARGET: 'cross_view_mass'}),
    'trust_best, decay': (BEST, {_TARGET: 'decay'}),
    'trust_best, annotation': (
        BEST,
        {
            'model.trust_cfg.source': 'annotation',
            'model.consistency_cfg.enable': False,
        },
    ),
    'hard view, pose trains': (CYCLE, {_HARD: {}}),
    'no detach': (
        CYCLE,
        {
            'model.trust_cfg.detach_pseudo': False,
            'model.trust_cfg.detach_features': False,
        },
    ),
    'trust off': (CYCLE, {'model.trust_cfg.enable': False}),
    'consistency off': (CYCLE, {'model.consistency_cfg.enable': False}),
    'cachegen': (CACHEGEN, {}),
    'cached': (CACHED, {}),
    'cached features': (CACHED, {}),
    'quick warmup': ('quick/warmup_rtmpose_synthetic-256x192', {}),
    'quick cycle': ('quick/selfverify_cycle_rtmpose_synthetic-256x192', {}),
}
PREDICTION: dict[str, tuple[str, dict[str, Any]]] = {
    'baseline': (BASELINE, {}),
    'selfverify_cycle': (CYCLE, {}),
    'selfverify_cycle, one view, extra scores': (
        CYCLE,
        {
            'model.test_cfg.flip_test': False,
            'model.test_cfg.extra_scores': True,
        },
    ),
}


def is_available() -> bool:
    """Whether the real data are there."""
    return COCO_MINI.is_dir() and CHECKPOINT.is_file()


def record(
    batches: int = BATCHES,
    training: Iterable[str] = TRAINING,
    prediction: Iterable[str] = PREDICTION,
) -> dict[str, Any]:
    """Compute everything, or some of it.

    Args:
        batches: Training batches of each run, up to ``BATCHES``.
        training: Keys in ``TRAINING``.
        prediction: Keys in ``PREDICTION``.

    Returns:
        Figures by name, nested: plain values for JSON.
    """
    import self_verify_pose.compat  # noqa: F401

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / 'cache.npz'
        found: dict[str, Any] = {'cache': _make_cache(cache)}
        found['training'] = {
            name: _training(
                *TRAINING[name], cache, name == 'cached features', batches
            )
            for name in training
        }
        found['prediction'] = {
            name: _prediction(*PREDICTION[name]) for name in prediction
        }
        found['report'] = _report(Path(folder) / 'report')
    return json.loads(json.dumps(found))


def differences(
    old: Any, new: Any, tolerance: float = 0.0, at: str = ''
) -> Iterator[str]:
    """Tell where two records differ.

    Args:
        old: One record.
        new: The other one.
        tolerance: Largest relative difference of numbers; texts are then not
            compared, since they are hashes.
        at: Where both lie in the whole record.

    Yields:
        One line per difference.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from differences(
                old.get(key), new.get(key), tolerance, f'{at}/{key}'
            )
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield f'{at}: {len(old)} values, now {len(new)}'
        for index, pair in enumerate(zip(old, new, strict=False)):
            yield from differences(*pair, tolerance, f'{at}/{index}')
    elif isinstance(old, float) and isinstance(new, float):
        if abs(old - new) > tolerance * max(1.0, abs(old)):
            yield f'{at}: {old!r}, now {new!r}'
    elif old != new and not (tolerance and isinstance(old, str)):
        yield f'{at}: {old!r}, now {new!r}'


def _seed(value: int) -> None:
    random.seed(value)
    np.random.seed(value)
    torch.manual_seed(value)


def _config(
    name: str, options: dict[str, Any], cache: Path | None, features: bool
) -> Any:
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    given = {
        'BACKBONE_INIT': 'none',
        'COCO_ROOT': str(COCO_MINI),
        'POSE_CKPT': str(CHECKPOINT),
        'PSEUDO_TRUST_CACHE': str(cache),
    }
    if features and cache is not None:
        given['PSEUDO_TRUST_FEATURES'] = str(
            cache.with_suffix('.features.npy')
        )
    with mock.patch.dict(os.environ, given):
        config = Config.fromfile(ROOT / 'configs' / f'{name}.py')
    config.merge_from_dict(options)
    init_default_scope('mmpose')
    return config


def _model(config: Any) -> Any:
    from mmengine.model import revert_sync_batchnorm
    from mmpose.registry import MODELS

    _seed(0)
    model = revert_sync_batchnorm(MODELS.build(config.model))
    model.init_weights()
    if config.model.backbone.widen_factor == 0.5:  # the one of the weights
        state = torch.load(CHECKPOINT, weights_only=True)['state_dict']
        state = {key: value.float() for key, value in state.items()}
        _, unknown = model.load_state_dict(state, strict=False)
        assert not unknown
    return model


def _batch(dataset: Any, first: int, count: int) -> dict[str, Any]:
    from mmengine.dataset import pseudo_collate

    return pseudo_collate([dataset[first + k] for k in range(count)])


def _norm(module: Any) -> float:
    grads = [p.grad for p in module.parameters() if p.grad is not None]
    if not grads:
        return 0.0
    return float(torch.stack([g.double().norm() for g in grads]).norm())


def _training(
    name: str,
    options: dict[str, Any],
    cache: Path,
    features: bool,
    batches: int,
) -> list[dict[str, float]]:
    from mmpose.registry import DATASETS

    config = _config(name, options, cache, features)
    dataset = DATASETS.build(config.train_dataloader.dataset)
    model = _model(config).train()
    rows = []
    for number in range(batches):
        _seed(number)
        batch = _batch(dataset, number * BATCH_SIZE, BATCH_SIZE)
        data = model.data_preprocessor(batch, training=True)
        _seed(number)
        losses = model(**data, mode='loss')
        row = {key: float(value) for key, value in losses.items()}
        total = sum(v for key, v in losses.items() if 'loss' in key)
        model.zero_grad()
        if isinstance(total, torch.Tensor) and total.requires_grad:
            total.backward()
        for part in ('backbone', 'head', 'trust_head'):
            module = getattr(model, part, None)
            if module is not None:
                row[f'gradient {part}'] = _norm(module)
        rows.append(row)
    return rows


@torch.no_grad()
def _prediction(name: str, options: dict[str, Any]) -> dict[str, Any]:
    from mmpose.registry import DATASETS

    config = _config(name, options, None, False)
    dataset = DATASETS.build(config.val_dataloader.dataset)
    model = _model(config).eval()
    parts: dict[str, list[np.ndarray]] = {}
    for first in range(0, VAL_PERSONS, 32):
        for sample in model.test_step(_batch(dataset, first, 32)):
            for key, value in sorted(sample.pred_instances.items()):
                parts.setdefault(key, []).append(np.asarray(value))
    return {key: _summary(np.concatenate(v)) for key, v in parts.items()}


def _summary(values: np.ndarray) -> dict[str, Any]:
    data = np.ascontiguousarray(values)
    finite = np.nan_to_num(data.astype(np.float64))
    return {
        'sha256': hashlib.sha256(data.tobytes()).hexdigest(),
        'shape': list(data.shape),
        'mean': float(finite.mean()),
        'mean square': float(np.square(finite).mean()),
    }


def _run(tool: str, *arguments: object) -> None:
    given = {'COCO_ROOT': str(COCO_MINI), 'BACKBONE_INIT': 'none'}
    main = runpy.run_path(str(ROOT / 'tools' / tool))['main']
    with (
        mock.patch.dict(os.environ, given),
        contextlib.redirect_stdout(sys.stderr),
    ):
        code = main([*map(str, arguments)])
    if code:
        raise RuntimeError(f'{tool}: expected exit code 0, found {code}')


def _make_cache(path: Path) -> dict[str, Any]:
    _run(
        'generate_solvability_cache.py',
        ROOT / 'configs' / f'{CACHEGEN}.py',
        CHECKPOINT,
        '--out',
        path,
        '--max-samples',
        BATCHES * BATCH_SIZE,
        '--with-features',
        '--workers',
        0,
    )
    with np.load(path) as archive:
        found = {
            key: _summary(archive[key])
            for key in sorted(archive.files)
            if key != 'header'
        }
    features = np.load(path.with_suffix('.features.npy'))
    return {**found, 'features': _summary(features)}


def _report(folder: Path) -> dict[str, Any]:
    predictions = sorted((SHARED / 'data' / 'predictions').glob('*val*.json'))
    _run(
        'eval_trust.py',
        *predictions,
        '--ann',
        COCO_MINI / 'annotations' / 'person_keypoints_val2017.json',
        '--out',
        folder,
    )
    report = json.loads((folder / 'report.json').read_text())
    return {
        name: {
            key: value
            for key, value in content.items()
            if key not in ('notes', 'settings')
        }
        for name, content in report.items()
    }


def main() -> int:
    """Write the record, or compare with it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--write', action='store_true')
    found = record()
    if parser.parse_args().write:
        RECORD.write_text(json.dumps(found, indent=1, sort_keys=True) + '\n')
        return 0
    lines = list(differences(json.loads(RECORD.read_text()), found))
    print('\n'.join(lines) or 'no difference')
    return bool(lines)


if __name__ == '__main__':
    sys.exit(main())
