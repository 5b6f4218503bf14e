"""What a real run leaves in files, in TensorBoard and in W&B."""

import json
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from integration_runs import LOGGED, scalars

METRICS = ('coco/AP', 'trust/ECE', 'score/ECE')


def find_figures(work_dir: Path, name: str) -> dict[int, Path]:
    """Files of the local backend by epoch."""
    found = work_dir.glob(f'*/vis_data/vis_image/{name}_*.png')
    return {int(path.stem.split('_')[-1]): path for path in found}


def logged(work_dir: Path, name: str) -> list[float]:
    return [r[name] for r in scalars(work_dir) if name in r]


def wandb_records(path: Path):
    """Read an offline run: a LevelDB log of protobuf messages.

    Blocks of 32 KiB; in them records with a checksum (4 bytes), a length
    (2 bytes), a type (1 whole, 2 first, 3 middle, 4 last) and the data. The
    file starts with a header of 7 bytes.
    """
    from wandb.proto import wandb_internal_pb2

    content, at, data = path.read_bytes(), 7, b''
    assert content.startswith(b':W&B')
    while at < len(content):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        _, length, kind = struct.unpack_from('<IHB', content, at)
        data += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            data = b''
            yield record


def test_each_validation_writes_one_figure(selfverify_run, baseline_run):
    panels = find_figures(selfverify_run.work_dir, 'trust_panel')
    assert sorted(panels) == [1, 2]
    assert all(100_000 < p.stat().st_size < 3e6 for p in panels.values())
    first, second = (cv2.imread(str(panels[epoch])) for epoch in (1, 2))
    assert first.shape == second.shape
    # the same persons: most of the pixels stay
    assert 0.5 < (first == second).all(-1).mean() < 1
    plain = find_figures(baseline_run.work_dir, 'score_panel')
    assert sorted(plain) == [1, 2]
    everything = [*selfverify_run.work_dir.glob('*/vis_data/vis_image/*')]
    assert len(everything) == 2


def test_tensorboard_holds_scalars_and_panels(selfverify_run):
    pytest.importorskip('tensorboard')
    from tensorboard.backend.event_processing import event_accumulator

    (events,) = selfverify_run.work_dir.glob('*/vis_data/events.*')
    read = event_accumulator.EventAccumulator(str(events)).Reload()
    for name in (*LOGGED, *METRICS):
        values = [event.value for event in read.Scalars(name)]
        expected = logged(selfverify_run.work_dir, name)
        assert values == pytest.approx(expected, rel=1e-5), name
    panels = find_figures(selfverify_run.work_dir, 'trust_panel')
    shown = read.Images('trust_panel')
    assert [event.step for event in shown] == [1, 2]
    for event in shown:
        image = cv2.imdecode(
            np.frombuffer(event.encoded_image_string, np.uint8),
            cv2.IMREAD_COLOR,
        )
        assert (image == cv2.imread(str(panels[event.step]))).all()


def test_wandb_holds_scalars_and_panels(selfverify_run):
    pytest.importorskip('wandb')
    (path,) = selfverify_run.work_dir.glob(
        '**/wandb/offline-run-*/run-*.wandb'
    )
    history, run = {}, None
    for record in wandb_records(path):
        if record.WhichOneof('record_type') == 'run':
            run = record.run
        for item in record.history.item:
            key = item.key or '/'.join(item.nested_key)
            history.setdefault(key, []).append(json.loads(item.value_json))
    assert run.project == 'self-verify-test'
    assert run.display_name == 'short'
    for name in (*LOGGED, *METRICS):
        expected = logged(selfverify_run.work_dir, name)
        assert history[name] == pytest.approx(expected), name
    panels = find_figures(selfverify_run.work_dir, 'trust_panel')
    paths = [
        path.parent / 'files' / entry for entry in history['trust_panel/path']
    ]
    assert len(paths) == 2
    for epoch, stored in enumerate(paths, 1):
        one, other = (cv2.imread(str(p)) for p in (stored, panels[epoch]))
        assert (one == other).all()
