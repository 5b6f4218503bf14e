"""Persons of a training set that are held out, chosen by their image."""

import copy
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from mmengine.dataset import BaseDataset, Compose
from torch.utils.data import Dataset, Subset

from .coco_instances import iterate_instances
from .trust_cache.features import StoredFeaturesDataset


class HeldOutPersons(NamedTuple):
    """Held-out persons of one annotation file, as crops of a validation.

    Args:
        persons: The data set of these persons.
        ids: Their ids.
        images: ``(N,)`` number of the image of each, in order.
    """

    persons: Subset
    ids: frozenset[int]
    images: list[int]


def hold_out(
    dataset: Dataset,
    val: Mapping[str, Any],
    share: float,
    max_persons: int,
    seed: int,
) -> list[HeldOutPersons]:
    """Choose images of a training set, the same ones for the same seed.

    Args:
        dataset: The training set; of several that are combined, images of
            each are chosen.
        val: Config of the validation's data set: its ``pipeline`` makes the
            crops; where features are stored, its ``type`` and ``metainfo``
            are those of the images.
        share: Share of the images.
        max_persons: Largest number of persons of all, about.
        seed: Seed of the choice.

    Returns:
        The held-out persons of each annotation file that has any.

    Raises:
        TypeError: If a data set is not one of MMPose.
        FileNotFoundError: If the images of stored features are not there.
    """
    leaves = list(_leaves(dataset, val))
    total = sum(len(leaf) for leaf in leaves)
    share = min(share, max_persons / max(total, 1))
    chosen = []
    for leaf in leaves:
        crops = copy.copy(leaf)
        crops.pipeline = Compose(list(val['pipeline']))
        crops.test_mode = True
        indices, ids, images = [], set(), []
        for index, info in enumerate(iterate_instances(leaf)):
            image = _number(seed, info['img_id'])
            if image < share * 2**32:
                indices.append(index)
                ids.add(info['id'])
                images.append(image)
        if indices:
            persons = Subset(crops, indices)
            chosen.append(HeldOutPersons(persons, frozenset(ids), images))
    return chosen


def _number(seed: int, img_id: Any) -> int:
    """A number below 2**32 for an image, uniform over seeds and images."""
    name = f'{seed} {img_id}'.encode()
    # not zlib.crc32, which for all images flips the same bits with the seed
    return int.from_bytes(hashlib.blake2b(name, digest_size=4).digest(), 'big')


def _leaves(dataset: Any, val: Mapping[str, Any]) -> Iterator[BaseDataset]:
    """The data sets of single annotation files in a data set."""
    if isinstance(dataset, StoredFeaturesDataset):
        yield from _leaves(dataset.build_images(val), val)
    elif hasattr(dataset, 'datasets'):
        for part in dataset.datasets:
            yield from _leaves(part, val)
    elif hasattr(dataset, 'dataset'):
        yield from _leaves(dataset.dataset, val)
    elif isinstance(dataset, BaseDataset):
        yield dataset
    else:
        raise TypeError(
            'train_dataloader.dataset: expected data sets of MMPose, found '
            f'{type(dataset).__name__}, whose images are not known; derive '
            'it from BaseCocoStyleDataset or remove TrustSelectionHook'
        )
