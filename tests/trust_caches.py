"""Small caches and what they are made from."""

import dataclasses

import numpy as np

from self_verify_pose.datasets.trust_cache.schema import CacheHeader

NAMES = tuple(f'joint {i}' for i in range(17))


def example_header(samples=5, **changes) -> CacheHeader:
    """Return a header with made-up hashes."""
    header = CacheHeader(
        teacher='free',
        parameters={'alpha': 10.0},
        checkpoint_sha256='c' * 64,
        annotation_sha256='a' * 64,
        config_sha256='f' * 64,
        split='train',
        keypoint_names=NAMES,
        samples=samples,
        package_version='0.0.0',
    )
    return dataclasses.replace(header, **changes)


def example_columns(samples=5, joints=17, seed=0) -> dict:
    """Return valid random columns; the last person is degenerate."""
    random = np.random.default_rng(seed)
    columns = {
        name: random.random((samples, joints), np.float32)
        for name in (
            'pseudo_trust',
            'residual',
            'solvability',
            'identifiability',
        )
    }
    hidden = random.random((samples, joints)) < 0.3
    hidden[-1] = True
    for values in columns.values():
        values[hidden] = np.nan
    columns['energy'] = random.random(samples, np.float32)
    columns['energy'][-1] = np.nan
    columns['status'] = np.zeros(samples, np.int8)
    columns['status'][-1] = 2
    columns['keypoints'] = 190 * random.random(
        (samples, joints, 2), np.float32
    )
    columns['ids'] = 1000 - 7 * np.arange(samples)
    return columns
