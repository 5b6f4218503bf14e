#!/usr/bin/env bash
# Cache the trust targets of a teacher, then train the trust head on them.
#
#   bash run_offline_cached_trusthead.sh [POSE_CKPT] [ARGUMENTS OF mim train]
#
# POSE_CKPT     trained pose network, as argument or variable; by default
#               checkpoints/rtmpose-s_simcc-coco_256x192.pth
# CACHE_DIR     folder of the caches; work_dirs/self_verify_pose/cache
# CACHE_TRAIN   the cache; CACHE_DIR/train_sol.npz, train_sol_fk.npz for the
#               kinematic chain, with _N before .npz for MAX_SAMPLES=N
# FORCE_CACHE   1 recreates the cache; 0, the default, keeps an existing one
# MAX_SAMPLES   use the first N persons of training and of validation
# FEATURES      1 also caches the features of the head; trains without images
# TEACHER       free (default) or fk, the kinematic chain
# WORK_DIR is work_dirs/self_verify_pose/offline_cached_trusthead by default, with
# the same endings. COCO_ROOT, PYTHON, GPUS, USE_TENSORBOARD and USE_WANDB are
# as in run_train_selfverify.sh; where there is no COCO, SYNTHETIC=1 uses
# synthetic images.
# shellcheck source=tools/run_common.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools/run_common.sh"

read_settings
if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
    POSE_CKPT=$1
    shift
fi
[ -f "$POSE_CKPT" ] ||
    die "expected a trained pose checkpoint, found nothing at $POSE_CKPT;" \
        "give its path as the first argument or in POSE_CKPT, or download" \
        "that of RTMPose-S: mim download mmpose --config" \
        "rtmpose-s_8xb256-420e_coco-256x192 --dest checkpoints"
POSE_CKPT=$(cd "$(dirname "$POSE_CKPT")" && pwd)/$(basename "$POSE_CKPT")
choose_data

ending=
if [ "$TEACHER" != free ]; then ending=_$TEACHER; fi
ending+=${MAX_SAMPLES:+_$MAX_SAMPLES}
use_work_dir "work_dirs/self_verify_pose/offline_cached_trusthead$ending"
cache=${CACHE_TRAIN:-$CACHE_DIR/train_sol$ending.npz}
mkdir -p "$(dirname "$cache")"
cache=$(cd "$(dirname "$cache")" && pwd)/$(basename "$cache")

prepare_python
prepare_data

options=(--split train --out "$cache" --teacher "$TEACHER")
options+=(${MAX_SAMPLES:+--max-samples "$MAX_SAMPLES"})
if [ "$FEATURES" = 1 ]; then options+=(--with-features); fi
if [ -e "$cache" ] && [ "$FORCE_CACHE" = 0 ]; then
    say "trust targets: made before, in $cache"
else
    say "trust targets: $cache"
    if [ "$FORCE_CACHE" = 1 ]; then
        options+=(--force)
    else
        options+=(--resume)
    fi
    launcher=()
    if [ "$GPUS" -gt 1 ]; then
        launcher=(-m torch.distributed.run --nproc_per_node "$GPUS")
    fi
    run_job "$PY" "${launcher[@]}" \
        "$ROOT/tools/generate_solvability_cache.py" \
        "$CONFIGS/cachegen_rtmpose_s_1x32g_coco-256x192.py" \
        "$POSE_CKPT" "${options[@]}"
fi

say "training the trust head"
export POSE_CKPT MAX_SAMPLES PSEUDO_TRUST_CACHE=$cache
if [ "$FEATURES" = 1 ]; then
    export PSEUDO_TRUST_FEATURES=${cache%.npz}.features.npy
fi
config=$CONFIGS/solvability_cached_trusthead_rtmpose_s_1x32g_coco-256x192.py
run_mim train "$config" --work-dir "$WORK_DIR" "$@"

show_result --curves "$WORK_DIR/curves.png"
say "checkpoint: $WORK_DIR/latest.pth"
show_next_steps
