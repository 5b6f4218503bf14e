#!/usr/bin/env bash
# run_offline_cached_trusthead.sh with Weights & Biases on; WANDB_PROJECT,
# WANDB_NAME and WANDB_MODE (online or offline) are read by wandb. TEACHER=fk
# chooses the kinematic chain.
USE_WANDB=1 exec bash "$(dirname "${BASH_SOURCE[0]}")/run_offline_cached_trusthead.sh" "$@"
