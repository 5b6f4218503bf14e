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
# COCO_ROOT, WORK_DIR, PYTHON, GPUS, USE_TENSORBOARD and USE_WANDB are as in
# run_train_selfverify.sh.
here=$(dirname "${BASH_SOURCE[0]}")
TEACHER=${TEACHER:-free}
suffix=
[ "$TEACHER" = free ] || suffix=_$TEACHER
name=offline_cached_trusthead$suffix${MAX_SAMPLES:+_$MAX_SAMPLES}
WORK_DIR=${WORK_DIR:-$here/work_dirs/self_verify_pose/$name}
# shellcheck source=tools/run_common.sh
source "$here/tools/run_common.sh"

case $TEACHER in free | fk) ;; *)
    die "expected free or fk in TEACHER, found $TEACHER; choose one of them" ;;
esac
case ${FORCE_CACHE:-0} in 0 | 1) ;; *)
    die "expected 0 or 1 in FORCE_CACHE, found $FORCE_CACHE; choose one" ;;
esac
case ${MAX_SAMPLES:-1} in *[!0-9]* | 0*)
    die "expected a whole number above 0 in MAX_SAMPLES, found $MAX_SAMPLES;" \
        "correct it, or unset it to use all" ;;
esac

if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
    POSE_CKPT=$1
    shift
fi
POSE_CKPT=${POSE_CKPT:-$ROOT/checkpoints/rtmpose-s_simcc-coco_256x192.pth}
[ -f "$POSE_CKPT" ] ||
    die "expected a trained pose checkpoint, found nothing at $POSE_CKPT;" \
        "give its path as the first argument or in POSE_CKPT"
POSE_CKPT=$(cd "$(dirname "$POSE_CKPT")" && pwd)/$(basename "$POSE_CKPT")
CACHE_DIR=${CACHE_DIR:-$ROOT/work_dirs/self_verify_pose/cache}
cache=${CACHE_TRAIN:-$CACHE_DIR/train_sol$suffix${MAX_SAMPLES:+_$MAX_SAMPLES}.npz}
mkdir -p "$(dirname "$cache")"
cache=$(cd "$(dirname "$cache")" && pwd)/$(basename "$cache")

prepare_python
prepare_data

options=(--split train --out "$cache" --teacher "$TEACHER")
options+=(${MAX_SAMPLES:+--max-samples "$MAX_SAMPLES"})
[ "${FEATURES:-0}" = 1 ] && options+=(--with-features)
if [ -e "$cache" ] && [ "${FORCE_CACHE:-0}" = 0 ]; then
    say "trust targets: made before, in $cache"
else
    say "trust targets: $cache"
    if [ "${FORCE_CACHE:-0}" = 1 ]; then
        options+=(--force)
    else
        options+=(--resume)
    fi
    launcher=()
    if [ "${GPUS:-1}" -gt 1 ]; then
        launcher=(-m torch.distributed.run --nproc_per_node "$GPUS")
    fi
    "$PY" "${launcher[@]}" "$ROOT/tools/generate_solvability_cache.py" \
        "$ROOT/configs/cachegen_rtmpose_s_1x32g_coco-256x192.py" \
        "$POSE_CKPT" "${options[@]}"
fi

say "training the trust head"
export POSE_CKPT PSEUDO_TRUST_CACHE=$cache MAX_SAMPLES=${MAX_SAMPLES:-0}
if [ "${FEATURES:-0}" = 1 ]; then
    export PSEUDO_TRUST_FEATURES=${cache%.npz}.features.npy
fi
config=$ROOT/configs/solvability_cached_trusthead_rtmpose_s_1x32g_coco-256x192.py
run_mim train "$config" --work-dir "$WORK_DIR" "$@"

say "result"
"$PY" "$ROOT/tools/summarize_run.py" "$WORK_DIR" \
    --curves "$WORK_DIR/curves.png"
say "checkpoint: $WORK_DIR/latest.pth"
