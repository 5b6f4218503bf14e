"""One process of test_distributed.py: two steps of data-parallel training."""

import sys
from pathlib import Path

import torch
from helpers import build_estimator, packed_batch
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import build_optim_wrapper


def main() -> None:
    """Train on this rank's own crops; rank 0 saves the weights of both."""
    folder, *changes = sys.argv[1:]
    options = {}
    for change in changes:
        key, value = change.split('=')
        options[key] = value == 'True'
    torch.distributed.init_process_group('gloo')
    rank = torch.distributed.get_rank()
    model = build_estimator(**options).train()
    wrapper = build_optim_wrapper(
        model,
        {
            'type': 'OptimWrapper',
            'optimizer': {'type': 'SGD', 'lr': 0.01},
            'paramwise_cfg': {'bypass_duplicate': True},
        },
    )
    parallel = MMDistributedDataParallel(model)
    batch = packed_batch(model)
    batch['inputs'] = batch['inputs'] + 0.1 * rank
    torch.manual_seed(rank)
    for _ in range(2):
        losses = parallel(**batch, mode='loss')
        loss, _ = model.parse_losses(losses)
        wrapper.update_params(loss)
    weights = {k: v.detach() for k, v in model.named_parameters()}
    torch.save(weights, Path(folder) / f'rank{rank}.pth')
    # A wrapper that held the group last would end it under the interpreter's
    # lock, which gloo's threads may wait for: both would wait for ever.
    del parallel
    torch.distributed.destroy_process_group()


if __name__ == '__main__':
    main()
