"""Every note that a report may hold, from the functions that write them."""

from dataclasses import replace

import numpy as np
from evaluation_inputs import make_joints
from prediction_files import annotations, results, write

from self_verify_pose.engine.evaluation_input import read_evaluation_input
from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    evaluate_predictions,
)


def all_notes(folder):
    """Return the notes of readings and evaluations of many kinds."""
    readings = [
        read_evaluation_input(
            write(folder / 'results.json', found),
            write(folder / 'ann.json', truth),
            allow_partial=True,
        )
        for truth, found in _files()
    ]
    config = EvalConfig(n_bootstrap=1)
    reports = [evaluate_predictions(one, config) for one in _inputs()]
    return sorted({n for one in (*readings, *reports) for n in one.notes})


def _files():
    truth = annotations()
    found = results(truth)
    yield truth, found  # matched by id

    by_joints = [_without(one, 'ann_id') for one in found[:4]]
    yield truth, by_joints
    yield (
        truth,
        [
            {**one, 'bbox': person['bbox']}
            for one, person in zip(
                by_joints, truth['annotations'], strict=False
            )
        ],
    )

    named = annotations()
    for image in named['images']:
        image['id'] = f'{image["id"]}'
    for person in named['annotations']:
        person['image_id'] = f'{person["image_id"]}'
    yield named, found

    for changes in (
        {'iscrowd': 1},
        {'keypoints': [0] * 51},
        {'num_keypoints': 0},
        {'bbox': [390, 290, 0, 0]},
    ):
        few = annotations()
        few['annotations'][0].update(changes)
        yield few, found
    few = annotations()
    del few['annotations'][0]['keypoints']
    few['categories'][0]['keypoints'] = [f'joint {n}' for n in range(17)]
    yield few, found

    undetected = results(truth)
    undetected[0]['keypoints'][:6] = [0, 0, 0.1, 0, 0, 0.1]
    labeled = np.reshape(truth['annotations'][1]['keypoints'], (17, 3))[:, 2]
    at = int(np.argmin(labeled))  # NaN is refused at labeled joints
    undetected[1]['keypoints'][3 * at : 3 * at + 2] = [None, None]
    yield truth, undetected


def _without(entry, field):
    return {k: v for k, v in entry.items() if k != field}


def _inputs():
    joints = make_joints()
    yield make_joints(shift=0.0)
    yield make_joints(shift=0.2)
    yield make_joints(persons=2)  # of one image
    truth = replace(joints.truth, occluded=None, joint_names=('a',) * 17)
    scores = {n: 3 * s - 1 for n, s in joints.scores.items()}
    yield replace(joints, truth=truth, everyone=truth, scores=scores)
    truth = replace(joints.truth, areas=None)
    yield replace(joints, truth=truth, everyone=truth)
