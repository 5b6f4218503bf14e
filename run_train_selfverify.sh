#!/usr/bin/env bash
# Train pose and trust, validate each epoch, write curves and contact sheets.
#
#   bash run_train_selfverify.sh [ARGUMENTS OF mim train]
#
# COCO_ROOT  folder with COCO; data/coco by default. If there is none, or with
#            SYNTHETIC=1, synthetic images and the quick profile
#            (configs/quick) are used: a narrow RTMPose from random weights,
#            trained on pose only, then on pose, consistency and trust
# WORK_DIR   output folder; work_dirs/self_verify_pose/selfverify_cycle
# PYTHON     the Python to use
# GPUS       number of processes, one GPU each; 1 by default
# FAST       1 trains faster, see docs/performance.md; by default what a few
#            steps at the start show to be faster
# USE_WANDB  1 logs to W&B as well (WANDB_PROJECT, WANDB_NAME, WANDB_MODE)
# USE_TENSORBOARD  1 logs to TensorBoard as well
# shellcheck source=tools/run_common.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools/run_common.sh"

read_settings
choose_data quick
use_work_dir work_dirs/self_verify_pose/selfverify_cycle
prepare_python
prepare_data
config=$NAMED_CONFIG
if [ "$SYNTHETIC" = 1 ]; then
    say "the quick profile, on synthetic images: no COCO was found or wanted"
    config=$QUICK/selfverify_cycle_rtmpose_synthetic-256x192.py
    warm=$WORK_DIR/warmup
    if [ -e "$warm/done" ]; then
        say "pose-only warm-up: done before, in $warm"
    else
        say "pose-only warm-up"
        continued=()
        if [ -e "$warm/last_checkpoint" ]; then continued=(--resume); fi
        USE_WANDB=0 run_mim train "$QUICK/warmup_rtmpose_synthetic-256x192.py" \
            --work-dir "$warm" "${continued[@]}"
        touch "$warm/done"
    fi
    export POSE_CKPT=$warm/latest.pth
else
    choose_fast "$config"
fi

say "training pose and trust"
run_mim train "$config" --work-dir "$WORK_DIR" "$@"

show_result --curves "$WORK_DIR/curves.png"
prepare_test "$config" "$WORK_DIR/latest.pth"
draw_contact_sheets "$tested" "$WORK_DIR/latest.pth" "$WORK_DIR/pictures"
say "checkpoint: $WORK_DIR/latest.pth"
show_next_steps
