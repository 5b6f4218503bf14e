#!/usr/bin/env bash
# run_train_selfverify.sh with Weights & Biases on; WANDB_PROJECT, WANDB_NAME
# and WANDB_MODE (online or offline) are read by wandb.
USE_WANDB=1 exec bash "$(dirname "${BASH_SOURCE[0]}")/run_train_selfverify.sh" "$@"
