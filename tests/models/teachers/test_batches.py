import dataclasses

import torch
from torch import Tensor

from self_verify_pose.models.teachers.batches import concatenate, take


@dataclasses.dataclass(frozen=True)
class Batch:
    vectors: Tensor
    scalars: Tensor


BATCH = Batch(torch.arange(12).view(4, 3), torch.arange(4))


def test_take_selects_the_rows_of_every_field():
    part = take(BATCH, torch.tensor([2, 0]))
    assert part.vectors.tolist() == [[6, 7, 8], [0, 1, 2]]
    assert part.scalars.tolist() == [2, 0]


def test_concatenating_slices_gives_the_batch_back():
    parts = [take(BATCH, slice(0, 1)), take(BATCH, slice(1, 4))]
    joined = concatenate(parts)
    assert torch.equal(joined.vectors, BATCH.vectors)
    assert torch.equal(joined.scalars, BATCH.scalars)
