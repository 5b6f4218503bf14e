"""Whatever a file holds, a reader refuses it in one sentence of ours.

Each test makes 25 inputs; FUZZ_EXAMPLES=5000 bash tests/run.sh tests/fuzz
makes more.
"""

import io
import json
import os
import pickle

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import changed, corrupted
from prediction_files import annotations, dump, results
from trust_caches import example_columns, example_header

from self_verify_pose import environment
from self_verify_pose.coco_annotations import read_annotation_file
from self_verify_pose.datasets.pose_results import PoseResults
from self_verify_pose.datasets.trust_cache.cache_file import (
    load_cache,
    save_cache,
)
from self_verify_pose.datasets.trust_cache.feature_file import (
    features_digest,
    open_features,
)
from self_verify_pose.datasets.trust_cache.schema import DTYPES_AND_SHAPES
from self_verify_pose.engine.checkpoint import read_checkpoint
from self_verify_pose.engine.evaluation_input import read_evaluation_input
from self_verify_pose.engine.run_summary import read_records
from self_verify_pose.engine.visualization.inputs import read_boxes
from self_verify_pose.tools import (
    calibrate_trust,
    eval_trust,
    generate_solvability_cache,
    make_synthetic_coco,
    robustness,
    visualize_trust,
)

EXAMPLES = int(os.environ.get('FUZZ_EXAMPLES', 25))
fuzzed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 25,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TRUTH = annotations(4)
RESULTS = results(TRUTH)


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('fuzz')


@pytest.fixture(scope='module')
def ann(folder):
    path = folder / 'truth.json'
    path.write_text(json.dumps(TRUTH))
    return path


@pytest.fixture(scope='module')
def samples(folder):
    return dump(TRUTH, RESULTS, folder)


def read(reader, *arguments):
    """Call a reader; what it raises must be a sentence of ours."""
    try:
        return reader(*arguments)
    except (OSError, ValueError) as error:
        message = str(error)
        assert 'expected' in message, message
        assert 'found' in message, message
        assert len(message.splitlines()) == 1, message
        return None


def write_text(path, value):
    path.write_text(json.dumps(value), errors='surrogatepass')
    return path


@fuzzed
@given(value=changed(TRUTH))
def test_annotations(folder, value):
    path = write_text(folder / 'ann.json', value)
    read(read_annotation_file, path)
    predicted = write_text(folder / 'good.json', RESULTS)
    read(read_evaluation_input, predicted, path, True)


@fuzzed
@given(value=changed(RESULTS))
def test_results(folder, ann, value):
    path = write_text(folder / 'results.json', value)
    read(read_evaluation_input, path, ann, True)
    read(PoseResults, str(path))


@fuzzed
@given(data=st.data())
def test_dumps(folder, ann, samples, data):
    plain = [
        {
            key: {k: np.asarray(v).tolist() for k, v in value.items()}
            if 'instances' in key
            else value
            for key, value in sample.items()
        }
        for sample in samples
    ]
    path = folder / 'preds.pkl'
    path.write_bytes(pickle.dumps(data.draw(changed(plain))))
    read(read_evaluation_input, path)
    read(read_evaluation_input, path, ann, True)


@fuzzed
@given(data=st.data())
def test_corrupted_dumps(folder, samples, data):
    content = pickle.dumps(samples[:1], data.draw(st.integers(2, 5)))
    path = folder / 'corrupted.pkl'
    path.write_bytes(data.draw(corrupted(content)))
    read(read_evaluation_input, path)


@fuzzed
@given(content=st.binary(max_size=60))
def test_files_of_any_bytes(folder, ann, content):
    for name in ('x.pkl', 'x.json', 'x.npz', 'x.pth', 'x.npy'):
        (folder / name).write_bytes(content)
    read(read_evaluation_input, folder / 'x.pkl')
    read(read_evaluation_input, folder / 'x.json', ann)
    read(read_annotation_file, folder / 'x.json')
    read(load_cache, folder / 'x.npz')
    read(open_features, folder / 'x.npy', '0')
    read(read_checkpoint, folder / 'x.pth')


@fuzzed
@given(data=st.data())
def test_caches(folder, data):
    path = folder / 'cache.npz'
    save_cache(path, example_header(2), example_columns(2))
    if data.draw(st.booleans()):
        path.write_bytes(data.draw(corrupted(path.read_bytes())))
    else:
        header = data.draw(changed(example_header(2).to_dict()))
        arrays = {**example_columns(2), 'header': json.dumps(header)}
        name = data.draw(st.sampled_from([*DTYPES_AND_SHAPES, 'header']))
        arrays[name] = data.draw(
            st.sampled_from(
                [np.zeros(0), np.zeros((2, 17)), 1, 'x', np.ones(2, int)]
            )
        )
        np.savez(path, **arrays)
    read(load_cache, path)


@fuzzed
@given(data=st.data())
def test_stored_features(folder, data):
    rows = np.zeros((3, 4), np.float16)
    content = io.BytesIO()
    np.save(content, rows)
    path = folder / 'cache.features.npy'
    path.write_bytes(data.draw(corrupted(content.getvalue())))
    read(open_features, path, features_digest(rows))


@fuzzed
@given(data=st.data())
def test_checkpoints(folder, data):
    value = data.draw(
        changed({'state_dict': {'a': [1.0]}, 'meta': {'epoch': 1}})
    )
    content = io.BytesIO()
    torch.save(value, content)
    path = folder / 'pose.pth'
    path.write_bytes(content.getvalue())
    read(read_checkpoint, path)
    path.write_bytes(data.draw(corrupted(content.getvalue())))
    read(read_checkpoint, path)


@fuzzed
@given(value=changed({'a.jpg': [[1, 2, 30, 40], [5, 6, 70, 80.5]]}))
def test_boxes(folder, value):
    path = write_text(folder / 'boxes.json', value)
    read(read_boxes, path, {folder / 'a.jpg': 'image'})


@fuzzed
@given(data=st.data())
def test_logs_of_a_run(folder, data):
    record = {'loss': 0.5, 'step': 1, 'coco/AP': 0.1}
    lines = json.dumps(data.draw(changed(record))) + '\n'
    path = folder / 'run' / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.draw(corrupted(2 * lines.encode())))
    read(read_records, folder)


@fuzzed
@given(
    name=st.sampled_from(sorted(environment.VARIABLES)),
    text=st.text(st.characters(codec='utf-8', exclude_characters='\0')),
)
def test_environment_variables(name, text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, text)
        read(environment.read_text, name)


TOOLS = {
    calibrate_trust: ['c.py', 'w.pth', '--ann', 'a', '--out', 'o'],
    eval_trust: ['x.pkl', '--out', 'o'],
    generate_solvability_cache: ['c.py', 'w.pth', '--out', 'o.npz'],
    make_synthetic_coco: ['--out', 'o'],
    robustness: ['c.py', 'w.pth', '--out', 'o'],
    visualize_trust: ['a.jpg', '--boxes', 'b', '--out', 'o'],
}
WORDS = (
    *('--out', '--bootstrap', '--seed', '--workers', '--batch-size', '--num'),
    *('--max-samples', '--dist-thr', '--criterion', '--train', '--device'),
    *('oks', 'x', '', '-1', '0', '1.5', 'nan', '1e999', '9' * 5000, '--'),
)


@fuzzed
@given(
    tool=st.sampled_from([*TOOLS]),
    words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
)
def test_command_lines(folder, tool, words):
    """Files are missing, so that no tool gets to work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        try:
            assert tool.main([*TOOLS[tool], *words]) in (1, 2)
        except SystemExit as end:
            assert end.code in (0, 2)
