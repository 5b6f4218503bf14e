"""Each row of file_rows.py."""

import errno
import inspect
import json
import os
import pickle
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from file_rows import ROWS
from prediction_files import write_all
from row import check_message
from trust_caches import example_columns, example_header

from self_verify_pose.datasets.synthetic import make_dataset
from self_verify_pose.datasets.trust_cache.cache_file import (
    load_cache,
    save_cache,
)
from self_verify_pose.datasets.trust_cache.feature_file import (
    features_digest,
    open_features,
)
from self_verify_pose.datasets.trust_cache.parts import CacheParts
from self_verify_pose.engine.checkpoint import read_checkpoint
from self_verify_pose.engine.run_summary import read_records
from self_verify_pose.metrics.evaluation.io.reading import read_predictions
from self_verify_pose.output_files import (
    OutputError,
    check_output_folder,
    locked,
    replacing_together,
    write_text,
)
from self_verify_pose.tools import (
    calibrate_trust,
    eval_trust,
    generate_solvability_cache,
)


class Command:
    """A value whose pickle runs a command."""

    def __reduce__(self):
        return os.system, ('touch executed',)


class Storage:
    """A tensor whose storage is another pickle."""

    def __reduce__(self):
        return torch.storage._load_from_bytes, (pickle.dumps(Command()),)


def dump_of(content):
    """Make a case that reads a dump with this content."""

    def read(folder):
        path = folder / 'preds.pkl'
        if callable(content):
            path.write_bytes(content(folder))
        else:
            path.write_bytes(pickle.dumps(content))
        with pytest.raises(ValueError) as raised:
            read_predictions(path)
        assert not (folder / 'executed').exists()
        return str(raised.value)

    return read


def changed_dump(change):
    """Make a case of a dump with one change."""

    def content(folder):
        samples = pickle.loads(write_all(folder)['pkl'].read_bytes())
        change(samples[0])
        return pickle.dumps(samples)

    return dump_of(content)


def cache_with(change):
    """Make a case of a cache whose bytes or arrays are changed."""

    def work(folder):
        path = folder / 'train.npz'
        save_cache(path, example_header(2), example_columns(2))
        change(path)
        load_cache(path)

    return raised_by(work)


def change_bytes(path):
    content = bytearray(path.read_bytes())
    place = content.index(b'PK\x01\x02') + 6  # version to extract
    content[place] = 99
    path.write_bytes(content)


def halve(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def with_objects(path):
    np.savez(path, header=np.array([{}], object))


def without_zip(path):
    with path.open('wb') as file:
        np.save(file, np.zeros(3))


def with_header(**fields):
    def change(path):
        with np.load(path) as archive:
            arrays = dict(archive)
        header = json.loads(str(arrays.pop('header'))) | fields
        np.savez(path, header=json.dumps(header), **arrays)

    return change


def repeat_an_id(path):
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays['ids'][1] = arrays['ids'][0]
    np.savez(path, **arrays)


def features_with(change):
    def work(folder):
        path, rows = folder / 'train.features.npy', np.zeros((9, 4), '<f2')
        np.save(path, rows)
        change(path)
        open_features(path, features_digest(rows))

    return raised_by(work)


def checkpoint_with(change):
    def work(folder):
        path = folder / 'pose.pth'
        torch.save({'state_dict': {'a': torch.zeros(9)}}, path)
        change(path)
        read_checkpoint(path)
        assert not (folder / 'executed').exists()

    return raised_by(work)


def log_of(text):
    path = Path('run', 'vis_data', 'scalars.json')
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return read_records(Path())


def last_line_is_left_out(folder):
    assert log_of('{"loss": 1}\n{"loss": 2}\n{"lo') == [
        {'loss': 1},
        {'loss': 2},
    ]


def half_a_dump(folder):
    content = write_all(folder)['pkl'].read_bytes()
    return content[: len(content) // 2]


def raised_by(work):
    """Make a case of the message of an error."""

    def message(folder):
        with pytest.raises((OSError, ValueError)) as raised:
            work(folder)
        return str(raised.value)

    return message


def told_by(tool, *arguments, prepare=None):
    """Make a case of the message of a tool."""

    def message(folder, capsys):
        if prepare is not None:
            prepare(folder)
        assert tool.main([*map(str, arguments)]) != 0
        name = Path(tool.__file__).name
        return capsys.readouterr().err.removeprefix(f'{name}: ')

    return message


def on_a_full_disk(folder):
    (folder / 'out.json').write_text('old')
    with pytest.MonkeyPatch.context() as patch:
        error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        patch.setattr(os, 'fsync', lambda _: raise_(error))
        try:
            write_text(folder / 'out.json', 'new')
        finally:
            assert (folder / 'out.json').read_text() == 'old'
            assert os.listdir(folder) == ['out.json']


def raise_(error):
    raise error


def with_limited_files(folder):
    code = (
        'import resource; '
        'resource.setrlimit(resource.RLIMIT_FSIZE, (999, 999)); '
        'from self_verify_pose.output_files import write_text\n'
        'try: write_text("out.json", "x" * 9999)\n'
        'except OSError as error: print(error)'
    )
    command = [sys.executable, '-c', code]
    return subprocess.check_output(command, cwd=folder, text=True)


def on_a_read_only_disk(folder):
    with pytest.MonkeyPatch.context() as patch:
        error = OSError(errno.EROFS, os.strerror(errno.EROFS))
        patch.setattr('tempfile.TemporaryFile', lambda **_: raise_(error))
        check_output_folder(folder / 'report')


def parts_beside(prepare):
    def reserve(folder):
        prepare(folder / 'train.npz.partial')
        with CacheParts(folder / 'train.npz', {}, [1]).reserve():
            pass

    return raised_by(reserve)


def with_notes(folder):
    folder.mkdir()
    (folder / 'notes.txt').touch()


def notes_are_kept(folder):
    parts = CacheParts(folder / 'train.npz', {}, [1])
    with parts.reserve():
        parts.begin(resume=False)
        (parts.folder / 'notes.txt').write_text('of the user')
        parts.save(0, example_columns(1))
        parts.remove()
    assert os.listdir(parts.folder) == ['notes.txt']


def second_cache(folder):
    with (
        CacheParts(folder / 'train.npz', {}, [1]).reserve(),
        CacheParts(folder / 'train.npz', {}, [1]).reserve(),
    ):
        pass


def second_data_set(folder):
    (folder / 'data').mkdir()
    with locked(folder / 'data'):
        make_dataset(folder / 'data', 1, 1)


def write_set(folder, value):
    with replacing_together(folder, ['summary.txt']) as new:
        for name in ('a.txt', 'b.txt', 'summary.txt'):
            (new / name).write_text(value)


def set_in(folder):
    names = [p.name for p in folder.iterdir() if p.suffix == '.txt']
    return {name: (folder / name).read_text() for name in names}


def old_report_is_kept(folder):
    write_set(folder, '1')
    with (
        pytest.raises(OutputError),
        replacing_together(folder, ['summary.txt']) as new,
    ):
        (new / 'a.txt').write_text('2')
        raise OSError(errno.ENOSPC, 'full')
    assert set_in(folder) == dict.fromkeys(
        ['a.txt', 'b.txt', 'summary.txt'], '1'
    )
    assert len(os.listdir(folder)) == 3


WRITE_FOR_EVER = """
import itertools, pathlib
from self_verify_pose.output_files import replacing_together
for n in itertools.count():
    with replacing_together(pathlib.Path('.'), ['summary.txt']) as new:
        for name in ('a.txt', 'b.txt', 'summary.txt'):
            (new / name).write_text(str(n))
"""


def no_mixed_state_after_a_kill(folder):
    moments = random.Random(0)
    for _ in range(6):
        with subprocess.Popen(
            [sys.executable, '-c', WRITE_FOR_EVER], cwd=folder
        ) as process:
            try:
                deadline = time.monotonic() + 60
                while not any(folder.glob('*.txt')):
                    assert time.monotonic() < deadline
                    time.sleep(0.01)
                time.sleep(moments.uniform(0, 0.05))
            finally:
                process.kill()
        found = set_in(folder)
        assert 'summary.txt' not in found or len({*found.values()}) == 1
        for path in folder.glob('*.txt'):
            path.unlink()


def abandoned_files_are_removed(folder):
    (folder / '.new-abandoned').mkdir()
    (folder / 'own').mkdir()
    with replacing_together(folder, []) as used:
        write_set(folder, '1')
        assert used.exists()
        assert not (folder / '.new-abandoned').exists()
    assert (folder / 'own').exists()


CASES = {
    'a dump that runs a command': dump_of(Command()),
    'a dump with Python objects': dump_of([np.array([{}], object)]),
    'a tensor that runs a command': dump_of(Storage()),
    'a dump cut off': dump_of(half_a_dump),
    'a text as the area of a person': changed_dump(
        lambda sample: sample['raw_ann_info'].update(area='big')
    ),
    'a number for a box': changed_dump(
        lambda sample: sample['gt_instances'].update(bboxes=3.0)
    ),
    'a truth value as an id': changed_dump(
        lambda sample: sample.update(id=True)
    ),
    'a cache of another version of zip': cache_with(change_bytes),
    'a cache cut off': cache_with(halve),
    'a cache with Python objects': cache_with(with_objects),
    'an array as a cache': cache_with(without_zip),
    'a cache of other keypoints': cache_with(with_header(keypoint_names=None)),
    'a cache of another schema': cache_with(with_header(schema=9)),
    'a cache with a repeated id': cache_with(repeat_an_id),
    'stored features of another cache': features_with(
        lambda path: np.save(path, np.ones((9, 4), '<f2'))
    ),
    'stored features cut off': features_with(halve),
    'a checkpoint cut off': checkpoint_with(halve),
    'a checkpoint that runs a command': checkpoint_with(
        lambda path: torch.save({'state_dict': Command()}, path)
    ),
    'a log cut off in its last line': last_line_is_left_out,
    'a corrupted log': raised_by(lambda _: log_of('{"loss"\n')),
    'a full disk': raised_by(on_a_full_disk),
    'a limit of file sizes': with_limited_files,
    'a read-only folder': raised_by(on_a_read_only_disk),
    'a file in place of a folder': told_by(
        eval_trust,
        *('preds.pkl', '--out', 'report'),
        prepare=lambda folder: (folder / 'report').touch(),
    ),
    'a file in the path of a folder': told_by(
        eval_trust,
        *('preds.pkl', '--out', 'file/report'),
        prepare=lambda folder: (folder / 'file').touch(),
    ),
    'a folder in place of a file': told_by(
        generate_solvability_cache,
        *('config.py', 'pose.pth', '--out', 'train.npz'),
        prepare=lambda folder: (folder / 'train.npz').mkdir(),
    ),
    'a cache that exists': told_by(
        generate_solvability_cache,
        *('config.py', 'pose.pth', '--out', 'train.npz'),
        prepare=lambda folder: (folder / 'train.npz').touch(),
    ),
    'stored features that exist': told_by(
        generate_solvability_cache,
        *('config.py', 'pose.pth', '--out', 'train.npz', '--with-features'),
        prepare=lambda folder: (folder / 'train.features.npy').touch(),
    ),
    'a calibrated checkpoint that exists': told_by(
        calibrate_trust,
        *('config.py', 'pose.pth', '--ann', 'a.json', '--out', 'new.pth'),
        prepare=lambda folder: (folder / 'new.pth').touch(),
    ),
    'a folder like that of parts': parts_beside(with_notes),
    'a file like that of parts': parts_beside(Path.touch),
    'files beside the parts': notes_are_kept,
    'two jobs on one cache': raised_by(second_cache),
    'two jobs on one synthetic data set': raised_by(second_data_set),
    'a synthetic data set among other files': raised_by(
        lambda folder: (
            with_notes(folder / 'data') or make_dataset(folder / 'data', 1, 1)
        )
    ),
    'an error while a report is written': old_report_is_kept,
    'a kill while a report is written': no_mixed_state_after_a_kill,
    'files of a killed job': abandoned_files_are_removed,
}


@pytest.mark.filterwarnings('ignore')  # torch's, about a broken storage
@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.case)
def test_row(row, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    case = CASES[row.case]
    parameters = inspect.signature(case).parameters
    found = case(tmp_path, *[capsys][: len(parameters) - 1])
    if row.message is not None:
        check_message(row, found.replace(f'{tmp_path}/', ''))
