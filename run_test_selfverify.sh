#!/usr/bin/env bash
# Test a checkpoint: AP, and the metrics of trust and raw score.
#
#   bash run_test_selfverify.sh CHECKPOINT|WORK_DIR [ARGUMENTS OF mim test]
#
# For a work directory, its best checkpoint is tested, else its last one. The
# config is the one that the checkpoint was trained with if its work directory
# has a copy, else the self-verify config; CONFIG overrides it.
# COCO_ROOT, WORK_DIR, PYTHON, GPUS, USE_TENSORBOARD and USE_WANDB are as in
# run_train_selfverify.sh.
if [ $# = 0 ]; then
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
given=$1
shift
[ -d "$given" ] && from=$(cd "$given" && pwd) ||
    from=$(cd "$(dirname "$given")" 2>/dev/null && pwd) || from=
WORK_DIR=${WORK_DIR:-${from:+$from/test}}
# shellcheck source=tools/run_common.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools/run_common.sh"

# The best checkpoint of a work directory, else the last one.
checkpoint_in() {
    local best
    best=$(find "$1" -maxdepth 1 -name 'best_*.pth' | sort -V | tail -n 1)
    if [ -n "$best" ]; then
        echo "$best"
    elif [ -e "$1/latest.pth" ]; then
        echo "$1/latest.pth"
    else
        die "expected best_*.pth or latest.pth in $1, found neither; give a" \
            "checkpoint or the work directory of a training"
    fi
}

# The config of which the work directory has a copy.
config_of() {
    local copy
    for copy in "$1"/*.py; do
        find "$ROOT/configs" -name "$(basename "$copy")"
    done | head -n 1
}

if [ -d "$given" ]; then
    checkpoint=$(checkpoint_in "$from")
elif [ -f "$given" ]; then
    checkpoint=$from/$(basename "$given")
else
    die "expected a checkpoint or a work directory, found nothing at $given;" \
        "correct the path"
fi
config=${CONFIG:-$(config_of "$from")}
config=${config:-$NAMED_CONFIG}

prepare_python
prepare_data
say "testing $checkpoint"
say "with $config"
run_mim test "$config" --checkpoint "$checkpoint" --work-dir "$WORK_DIR" "$@"
say "result"
"$PY" "$ROOT/tools/summarize_run.py" "$WORK_DIR"
