import os

import torch

from self_verify_pose.tools.benchmark.context import first_batch


def test_the_baseline_is_plain_mmpose_in_training_mode(context):
    plain = context.training('baseline')
    assert type(plain.model).__name__ == 'TopdownPoseEstimator'
    assert plain.model.training
    before = [p.detach().clone() for p in plain.model.parameters()]
    plain.step()
    assert any(
        not torch.equal(old, new)
        for old, new in zip(before, plain.model.parameters(), strict=True)
    )


def test_a_config_reads_variables_that_do_not_stay(context):
    before = dict(os.environ)
    config = context.config(
        'solvability_cached_trusthead',
        {'model.full_param_train': False},
        PSEUDO_TRUST_CACHE='cache.npz',
    )
    assert 'cache.npz' in config.pretty_text
    assert config.model.full_param_train is False
    assert os.environ == before


def test_weights_are_the_same_each_time(context):
    config = context.config('baseline')
    one, two = (context.model(config).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_persons_are_repeated_to_fill_a_batch():
    batch = first_batch([{'x': 0}, {'x': 1}], 5)
    assert batch == {'x': [0, 1, 0, 1, 0]}


def test_the_cache_holds_labels_and_features(context):
    assert context.cache.exists()
    assert context.cache.with_suffix('.features.npy').exists()


def test_compare_multiplies_the_repeats(context):
    runs = []
    timing = context.compare(lambda: runs.append(0), int, times=4)
    assert len(runs) == len(timing.candidate) == 4
