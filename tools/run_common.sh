# Shared functions and variables of the run scripts, which source this file.
# Sets ROOT and WORK_DIR; prepare_python sets PY, prepare_data COCO_ROOT.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
NAMED_CONFIG=$ROOT/configs/selfverify_cycle_rtmpose_s_1x32g_coco-256x192.py
QUICK=$ROOT/configs/quick
WORK_DIR=${WORK_DIR:-$ROOT/work_dirs/self_verify_pose/selfverify_cycle}
mkdir -p "$WORK_DIR"
WORK_DIR=$(cd "$WORK_DIR" && pwd)

# hides third-party deprecations; messages of a run go through its log
export PYTHONWARNINGS=${PYTHONWARNINGS-ignore}

say() { echo "== $*"; }
die() {
    echo "$(basename "$0"): $*" >&2
    exit 1
}

# Set PY to the Python to use; set it up first if necessary.
prepare_python() {
    PY=$(bash "$ROOT/tools/setup_env.sh" --print-python)
}

# Check COCO_ROOT; if it is unset, use synthetic images, made on first use.
prepare_data() {
    if [ -n "${COCO_ROOT:-}" ]; then
        [ -d "$COCO_ROOT" ] ||
            die "expected a folder in COCO_ROOT, found none at $COCO_ROOT;" \
                "correct it, or unset it to use synthetic images"
        COCO_ROOT=$(cd "$COCO_ROOT" && pwd)
    else
        COCO_ROOT=$ROOT/data/synthetic_coco
        "$PY" "$ROOT/tools/make_synthetic_coco.py" --out "$COCO_ROOT" \
            --train 512 --val 128 --seed 0
    fi
    export COCO_ROOT
}

# Run mim train|test with one process, or with GPUS processes.
run_mim() {
    local verb=$1 config=$2
    shift 2
    local launcher=()
    if [ "${GPUS:-1}" -gt 1 ]; then
        launcher=(--launcher pytorch --gpus "$GPUS")
    fi
    "$PY" -m mim "$verb" mmpose "$config" "${launcher[@]}" "$@"
}

# Write contact sheets of validation persons: best, typical and worst trust.
draw_contact_sheets() {
    "$PY" "$ROOT/tools/visualize_trust.py" "$COCO_ROOT/val2017" \
        --coco "$COCO_ROOT/annotations/person_keypoints_val2017.json" \
        --config "$1" --checkpoint "$2" --persons 100 --out "$3" ||
        say "no contact sheets: see the error above"
}
