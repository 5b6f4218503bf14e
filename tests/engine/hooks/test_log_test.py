import types

import numpy as np

from self_verify_pose.engine.hooks.log_test import LogTestHook


def test_metrics_of_a_test_are_passed_to_the_backends():
    calls = []
    run = types.SimpleNamespace(
        visualizer=types.SimpleNamespace(
            add_scalars=lambda values, step: calls.append((values, step))
        )
    )
    metrics = {'coco/AP': np.float64(0.25), 'trust/ECE': 0.5}
    LogTestHook().after_test_epoch(run, metrics)
    assert calls == [({'coco/AP': 0.25, 'trust/ECE': 0.5}, 0)]
    assert type(calls[0][0]['coco/AP']) is float
