# Shared functions and variables of the run scripts, which source this file.
# Sets ROOT and the variables of environment.py; choose_data sets COCO_ROOT,
# use_work_dir WORK_DIR, prepare_python PY. Relative paths, also the default
# ones, belong to the working directory.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CONFIGS=$ROOT/configs
[ -d "$CONFIGS" ] || CONFIGS=$ROOT/.mim/configs # of a wheel
NAMED_CONFIG=$CONFIGS/selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py
QUICK=$CONFIGS/quick
printf -v begun '%(%s)T' -1
again=(bash "$0" "$@")

# hides third-party deprecations; messages of a run go through its log
export PYTHONWARNINGS=${PYTHONWARNINGS-ignore}

say() { echo "== $*"; }
die() {
    echo "$(basename "$0"): $*" >&2
    exit 2
}

# --- stopping ----------------------------------------------------------------

# Name the command that continues; mim train resumes from a checkpoint of this
# call, or where it was told to.
when_stopped() {
    local record=${WORK_DIR-}/last_checkpoint
    if [[ ${verb-} = train && " ${again[*]} " != *' --resume '* ]] &&
        [ "$(stat -c %Y "$record" 2>/dev/null || echo 0)" -ge "$begun" ]; then
        again+=(--resume)
    fi
    local command
    command=$(printf ' %q' "${again[@]}")
    echo "== stopped; to continue, with the same variables:$command" >&2
}

# shellcheck source=tools/jobs.sh
source "$ROOT/tools/jobs.sh"

# --- settings ----------------------------------------------------------------

# Set the variables of environment.py, checked, where they are not set to
# their defaults.
read_settings() {
    local candidate assignments
    given_root=${COCO_ROOT:-}
    given_fast=${FAST:-}
    for candidate in ${PYTHON:+"$PYTHON"} python3 python \
        "$ROOT/.venv/bin/python"; do
        "$candidate" -c '' 2>/dev/null || continue
        assignments=$("$candidate" -I -S "$ROOT/environment.py") || exit 2
        eval "$assignments"
        return
    done
    die "expected a Python, found none as python3; install one, or name one" \
        "in PYTHON"
}

# Make WORK_DIR, by default $1, and all paths in it absolute.
use_work_dir() {
    WORK_DIR=${WORK_DIR:-$1}
    mkdir -p "$WORK_DIR" 2>/dev/null && [ -w "$WORK_DIR" ] ||
        die "expected a folder that can be written in WORK_DIR, found" \
            "$WORK_DIR; give another one"
    WORK_DIR=$(cd "$WORK_DIR" && pwd)
}

# Choose COCO, or synthetic images: where SYNTHETIC=1 asks for them and, with
# the argument "quick", where there is no COCO.
#
# Sets DATA, which the result names; prepare_data makes the images.
choose_data() {
    local synthetic=$SYNTHETIC
    if [ "$SYNTHETIC" = 1 ] && [ -n "$given_root" ]; then
        die "expected either COCO_ROOT or SYNTHETIC=1, found both; unset one"
    elif [ -d "$COCO_ROOT" ]; then
        true
    elif [ -n "$given_root" ]; then
        die "expected a folder in COCO_ROOT, found none at $COCO_ROOT;" \
            "correct it, or unset it and set SYNTHETIC=1 to use synthetic" \
            "images"
    elif [ "${1-}" = quick ]; then
        synthetic=1
    elif [ "$SYNTHETIC" = 0 ]; then
        die "expected COCO in $COCO_ROOT or where COCO_ROOT says, found" \
            "neither; set COCO_ROOT, or SYNTHETIC=1 to use synthetic images," \
            "whose figures do not carry over to photographs"
    fi
    SYNTHETIC=$synthetic
    DATA=COCO
    if [ "$SYNTHETIC" = 1 ]; then
        DATA="synthetic images, whose figures do not carry over to photographs"
        mkdir -p data/synthetic_coco
        COCO_ROOT=data/synthetic_coco
    fi
    COCO_ROOT=$(cd "$COCO_ROOT" && pwd)
    export COCO_ROOT
    say "data: $DATA, in $COCO_ROOT"
}

# --- steps -------------------------------------------------------------------

# Run a job, set answer to what it prints, and return its exit code.
ask() {
    local file code=0
    file=$(mktemp)
    run_job "$@" >"$file" || code=$?
    answer=$(<"$file")
    rm -f "$file"
    return "$code"
}

# Set PY to the Python to use; set it up first if necessary.
prepare_python() {
    ask bash "$ROOT/tools/setup_env.sh" --print-python || exit 1
    PY=$answer
}

# Make the synthetic images, if they were chosen and are not there yet.
prepare_data() {
    [ "$SYNTHETIC" = 1 ] || return 0
    run_job "$PY" "$ROOT/tools/make_synthetic_coco.py" --out "$COCO_ROOT" \
        --train 512 --val 128 --seed 0
}

# Set FAST, where it was not given, to what is faster for the config $1.
choose_fast() {
    [ -z "$given_fast" ] || return 0
    say "a few steps with and without FAST=1"
    ask "$PY" "$ROOT/tools/choose_fast.py" "$1" || answer=0
    export FAST=$answer
}

# Run mim train|test with one process, or with GPUS processes.
run_mim() {
    verb=$1
    local config=$2 launcher=()
    shift 2
    if [ "$GPUS" -gt 1 ]; then
        launcher=(--launcher pytorch --gpus "$GPUS")
    fi
    run_job "$PY" "$ROOT/tools/run_mim.py" "$verb" mmpose "$config" \
        "${launcher[@]}" "$@"
}

# Print the last metrics, on which data they are, and draw the curves.
show_result() {
    say "result on $DATA"
    "$PY" "$ROOT/tools/summarize_run.py" "$WORK_DIR" "$@"
}

# Name what to look at next, in the language of the locale.
show_next_steps() { "$PY" "$ROOT/tools/next_steps.py" "$WORK_DIR"; }

# Set checkpoint and tested: the checkpoint to test of $2, a checkpoint or a
# work directory, and the config $1 as it was trained.
prepare_test() {
    local answer
    answer=$("$PY" "$ROOT/tools/prepare_test.py" "$1" "$2" \
        --out "$WORK_DIR/config") || exit 2
    checkpoint=${answer%%$'\n'*}
    # shellcheck disable=SC2034  # read by the scripts
    tested=${answer#*$'\n'}
}

# Write contact sheets of validation persons: best, typical and worst trust.
draw_contact_sheets() {
    run_job "$PY" "$ROOT/tools/visualize_trust.py" "$COCO_ROOT/val2017" \
        --coco "$COCO_ROOT/annotations/person_keypoints_val2017.json" \
        --config "$1" --checkpoint "$2" --persons 100 --out "$3" ||
        say "no contact sheets: see the error above"
}
