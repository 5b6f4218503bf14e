#!/usr/bin/env bash
# Train pose and trust, validate each epoch, write curves and contact sheets.
#
#   bash run_train_selfverify.sh [ARGUMENTS OF mim train]
#
# COCO_ROOT  folder with COCO; if unset, synthetic images and the quick profile
#            (configs/quick) are used: a narrow RTMPose from random weights,
#            trained on pose only, then on pose, consistency and trust
# WORK_DIR   output folder
# PYTHON     the Python to use
# GPUS       number of processes, one GPU each; 1 by default
# USE_WANDB  1 logs to W&B as well (WANDB_PROJECT, WANDB_NAME, WANDB_MODE)
# USE_TENSORBOARD  1 logs to TensorBoard as well
# shellcheck source=tools/run_common.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools/run_common.sh"

prepare_python
quick=${COCO_ROOT:+no}
prepare_data
if [ "$quick" = no ]; then
    config=$NAMED_CONFIG
    start=()
else
    config=$QUICK/selfverify_cycle_rtmpose_synthetic-256x192.py
    warm=$WORK_DIR/warmup
    say "COCO_ROOT is not set: synthetic images and the quick profile"
    if [ -e "$warm/done" ]; then
        say "pose-only warm-up: done before, in $warm"
    else
        say "pose-only warm-up"
        USE_WANDB=0 run_mim train "$QUICK/warmup_rtmpose_synthetic-256x192.py" \
            --work-dir "$warm"
        touch "$warm/done"
    fi
    start=(--cfg-options "load_from=$warm/latest.pth")
fi

say "training pose and trust"
run_mim train "$config" --work-dir "$WORK_DIR" "${start[@]}" "$@"

say "result"
"$PY" "$ROOT/tools/summarize_run.py" "$WORK_DIR" \
    --curves "$WORK_DIR/curves.png"
draw_contact_sheets "$config" "$WORK_DIR/latest.pth" "$WORK_DIR/pictures"
say "checkpoint: $WORK_DIR/latest.pth"
