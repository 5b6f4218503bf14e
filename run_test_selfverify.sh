#!/usr/bin/env bash
# Test a checkpoint: AP, and the metrics of trust and raw score.
#
#   bash run_test_selfverify.sh CHECKPOINT|WORK_DIR [ARGUMENTS OF mim test]
#
# For a work directory, the best checkpoint of its last training is tested,
# else its last one. The config is the one that the checkpoint was trained with,
# with the options of the training, if its work directory has a copy, else the
# self-verify config; CONFIG overrides it.
# WORK_DIR is the folder test beside the checkpoint by default. Where there is
# no COCO, SYNTHETIC=1 tests on synthetic images; a checkpoint of the quick
# profile is tested on those that it was trained on. COCO_ROOT, PYTHON, GPUS,
# USE_TENSORBOARD and USE_WANDB are as in run_train_selfverify.sh.
if [ $# = 0 ]; then
    sed -n '2,13s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
# shellcheck source=tools/run_common.sh
source "$(dirname "${BASH_SOURCE[0]}")/tools/run_common.sh"
given=$1
shift

# The config of which the work directory has a copy.
config_of() {
    local copy
    for copy in "$1"/*.py; do
        find "$CONFIGS" -name "$(basename "$copy")"
    done | sed -n 1p
}

read_settings
if [ -d "$given" ]; then
    from=$(cd "$given" && pwd)
    compgen -G "$from/best_*.pth" >/dev/null || [ -e "$from/latest.pth" ] ||
        die "expected best_*.pth or latest.pth in $from, found neither; give" \
            "a checkpoint or the work directory of a training"
    given=$from
elif [ -f "$given" ]; then
    from=$(cd "$(dirname "$given")" && pwd)
    given=$from/$(basename "$given")
else
    die "expected a checkpoint or a work directory, found nothing at $given;" \
        "correct the path"
fi
given_config=${CONFIG:-}
CONFIG=${CONFIG:-$(config_of "$from")}
CONFIG=${CONFIG:-$NAMED_CONFIG}
# those of the quick profile are trained on synthetic images
if [[ $CONFIG = *_synthetic-* && -z $given_root ]]; then SYNTHETIC=1; fi
choose_data
use_work_dir "$from/test"

prepare_python
prepare_data
prepare_test "$CONFIG" "$given"
tested=${given_config:-$tested}
say "testing $checkpoint"
say "with $tested"
run_mim test "$tested" --checkpoint "$checkpoint" --work-dir "$WORK_DIR" "$@"
show_result
