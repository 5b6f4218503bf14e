# What makes a training step faster: convolutions in the channels-last format
# and, where the device computes in it, a bfloat16 backbone. The quick profile
# has both; other trainings of a pose network with FAST=1.
_base_ = []

from self_verify_pose.environment import read_switch  # noqa: E402

fast_optim_wrapper = dict(type='BFloat16OptimWrapper', only_where_fast=True)
fast_hooks = dict(channels_last=dict(type='ChannelsLastHook'))
fast = read_switch('FAST')
