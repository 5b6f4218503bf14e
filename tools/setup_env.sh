#!/usr/bin/env bash
# Set up a Python that can train and test, and print its path.
#
#   bash tools/setup_env.sh [--dev] [--newest] [--print-python]
#
#   --dev           also install the packages of the tests and the linter
#   --newest        an environment of its own, in .setup_env/newest/venv, with
#                   NumPy 2 and the newest versions within tools/newest.txt
#   --print-python  print the path of the Python on standard output
#
# If $PYTHON (else python3 or python on PATH, e.g. of an active environment)
# already has a working torch, mmcv, mmdet and mmpose, these are kept, and only
# this package and missing dependencies are added. Otherwise .venv is created
# in the repository root, with the versions of tools/constraints.txt.
# Messages go to standard error, the logs to .setup_env/logs.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
state=$root/.setup_env
venv=$root/.venv
constraints=$root/tools/constraints.txt
newest=0
extras=wandb,tensorboard,fk,decisions,html,onnx
print_python=0
for argument in "$@"; do
    case $argument in
        --dev) extras+=,vit,docs,dev ;;
        --newest)
            newest=1
            state=$root/.setup_env/newest
            venv=$state/venv
            constraints=$root/tools/newest.txt
            ;;
        --print-python) print_python=1 ;;
        *)
            echo "setup_env: expected --dev, --newest or --print-python, found" \
                "'$argument'" >&2
            exit 2
            ;;
    esac
done

say() { echo "setup_env: $*" >&2; }

# shellcheck source=tools/jobs.sh
source "$root/tools/jobs.sh"
grace=20 # tenths of a second
when_stopped() { say 'stopped; run this again to go on.'; }

# --- steps -------------------------------------------------------------------

# Report every 30 s that a step is running, until standard input is closed.
report_time() {
    local code=0 began=$SECONDS
    while read -r -t 30 || code=$?; [ "$code" -gt 128 ]; do
        say "        $1: $((SECONDS - began)) s so far"
        code=0
    done
}

# Run one step with its output in a log, and report its duration.
#   step NAME EXPECTED REMEDY COMMAND...
# An interrupted step leaves the environment in an unknown state: then, and
# only then, its mark file stays.
step() {
    local name=$1 expected=$2 remedy=$3 code=0 began=$SECONDS
    shift 3
    number=$((number + 1))
    local log=$state/logs/$number.log
    say "[$number/$steps] $name ($expected) ..."
    exec 8> >(report_time "$name" 9>&-) # the lock is not for this child
    : >"$mark"
    run_job "$@" >"$log" 2>&1 8>&- || code=$?
    rm -f "$mark"
    exec 8>&-
    if [ "$code" != 0 ]; then
        say "step $number '$name' failed after $((SECONDS - began)) s" \
            "with exit code $code."
        say "the last lines of $log:"
        tail -n 15 "$log" | sed 's/^/    /' >&2
        say "what to do: $remedy"
        exit 1
    fi
    say "        done in $((SECONDS - began)) s"
}

pip() {
    "$python" -m pip "$@" --disable-pip-version-check --no-input
}

index_remedy="check that a package index can be reached (PIP_INDEX_URL, \
PIP_FIND_LINKS, proxy) and that the disk is not full, then run this again."

# --- checks ------------------------------------------------------------------

# Succeed if a Python has the distributions of the stack; imports none.
has_stack() {
    "$1" - >/dev/null 2>&1 <<'PYTHON'
from importlib.metadata import version
for name in ('torch', 'mmengine', 'mmcv', 'mmdet', 'mmpose'):
    version(name)
PYTHON
}

# Ask what a Python lacks: installed unmet|broken|fingerprint
installed() { "$python" "$root/tools/installed.py" "$1" "$extras"; }

# The ready file holds the extras of the last set-up, and the fingerprint.
is_ready() {
    local found ready=()
    [ -f "$state/ready" ] && mapfile -t ready <"$state/ready"
    [[ ,${ready[0]-}, = *,$extras,* ]] || return 1
    found=$(python=$1 extras=${ready[0]} installed fingerprint 2>/dev/null) &&
        [ "$found" = "${ready[1]-}" ]
}

# Whether the last set-up was of this Python.
was_ready() {
    local ready=()
    [ -f "$state/ready" ] && mapfile -t ready <"$state/ready"
    [ "${ready[1]-}" != "" ] && [ "${ready[1]% *}" = "$(prefix "$1")" ]
}

prefix() {
    "$1" -c 'import os, sys; print(os.path.realpath(sys.prefix))'
}

mark_ready() {
    local found
    found=$(installed fingerprint)
    printf '%s\n%s\n' "$extras" "$found" >"$state/ready"
}

# Path of the interpreter as it calls itself.
executable() { "$1" -c 'import sys; print(sys.executable)' 2>/dev/null; }

# The interpreter behind $1, if a virtual environment can be made with it.
base_python() {
    "$1" - 2>/dev/null <<'PYTHON'
import ensurepip, sys, venv
if (3, 10) <= sys.version_info[:2] < (3, 13):
    print(getattr(sys, '_base_executable', sys.executable))
else:
    sys.exit(1)
PYTHON
}

find_base_python() {
    local candidate
    for candidate in ${PYTHON:-python3.11 python3.12 python3.10 python3}; do
        base_python "$candidate" && return
    done
    return 1
}

# --- installation ------------------------------------------------------------

install_package() {
    # Older setuptools knows no license expression: let pip fetch a newer one.
    local isolation=--no-build-isolation
    "$python" -c 'import setuptools, sys
sys.exit(int(setuptools.__version__.split(".")[0]) < 77)' || isolation=
    pip install --no-deps $isolation -e "$root"
}

# install_unmet CONSTRAINTS
install_unmet() {
    local names
    names=$(installed unmet) || return
    [ -z "$names" ] && return
    # shellcheck disable=SC2086
    pip install -c "$1" $names
}

# Install again what has lost files since it was installed, in the same
# version; torch may be a build of its own, and mmcv has its own step.
repair() {
    local names
    names=$(installed broken 2>/dev/null |
        grep -vE '^(torch|torchvision|mmcv)==' | tr '\n' ' ') || true
    [ -n "$names" ] || return 0
    steps=$((steps + 1))
    # shellcheck disable=SC2086
    step "repair of what has lost files: $names" '15 s' "$index_remedy" \
        pip install --force-reinstall --no-deps $names
}

mmcv_loads() {
    "$python" -c 'import mmcv.ops' >/dev/null 2>&1 &&
        ! installed broken | grep -q '^mmcv=='
}

mmcv_wheel() {
    mmcv_loads && return
    pip install --no-deps --force-reinstall --only-binary=mmcv \
        -c "$constraints" mmcv && mmcv_loads
}

# RTMPose calls none of mmcv's ops, MMPose only imports them: the CPU versions
# suffice on every machine, so GPUs are hidden from the build and no nvcc is
# needed. -O1 -g0 halves the time of the build.
mmcv_source() {
    if ! command -v c++ >/dev/null; then
        echo 'no C++ compiler: install one, e.g. apt-get install g++'
        return 1
    fi
    local include jobs memory
    include=$("$python" -c 'import sysconfig as s; print(s.get_path("include"))')
    if [ ! -f "$include/Python.h" ]; then
        echo "no $include/Python.h: install it, e.g. apt-get install" \
            "python3-dev (python3.11-dev, ...)"
        return 1
    fi
    jobs=$(nproc) # two GiB for each compiler
    memory=$(awk '/MemAvailable/ {print int($2 / 2097152)}' /proc/meminfo)
    if [ "$memory" -lt "$jobs" ]; then jobs=$((memory > 0 ? memory : 1)); fi
    pip install -c "$constraints" ninja &&
        PATH=$(dirname "$python"):$PATH MAX_JOBS=${MAX_JOBS:-$jobs} \
            MMCV_WITH_OPS=1 FORCE_CUDA=0 CUDA_VISIBLE_DEVICES='' \
            CFLAGS='-O1 -g0 -w' CXXFLAGS='-O1 -g0 -w' \
            pip install -v --no-deps --no-build-isolation --no-cache-dir \
            --force-reinstall --no-binary=mmcv -c "$constraints" mmcv &&
        "$python" -c 'import mmcv.ops'
}

make_venv() { rm -rf "$venv" && "$base" -m venv "$venv"; }

has_pip() {
    "$python" -m pip -V || "$python" -m ensurepip
} >/dev/null 2>&1

suggest_cpu_torch() {
    if ! command -v nvidia-smi >/dev/null &&
        [ -z "${PIP_FIND_LINKS-}${PIP_EXTRA_INDEX_URL-}" ]; then
        say "no NVIDIA driver here: PyTorch's own CPU index in" \
            'PIP_EXTRA_INDEX_URL gives torch without CUDA (3 GB less).'
    fi
}

# Install the versions of the constraints into the virtual environment.
set_up_venv() {
    local place=${venv#"$root/"}
    number=0
    steps=7
    rm -f "$state/ready"
    mark=$state/venv_in_progress
    python=$venv/bin/python
    if [ -e "$mark" ]; then
        say "the last set-up was interrupted: $place is created again."
    fi
    if [ ! -e "$mark" ] && has_pip; then
        number=1
        say "[1/7] $place exists: adding missing packages"
        repair
    elif base=$(find_base_python); then
        step "virtual environment $place with $base" '10 s' \
            'check that the folder is writable and the disk is not full.' \
            make_venv
        suggest_cpu_torch
    else
        say 'expected Python 3.10, 3.11 or 3.12 with its venv module, found' \
            "none in: ${PYTHON:-python3.11 python3.12 python3.10 python3}." \
            'Install one (e.g. apt-get install python3.11 python3.11-venv)' \
            'or name one: PYTHON=/path/to/python3.11.'
        exit 1
    fi
    step 'torch' '30 s; with CUDA 3 GB, some minutes' "$index_remedy" \
        pip install -c "$constraints" torch numpy setuptools wheel cython
    # Without their dependencies: mmpose requires chumpy, openmim opendatalab
    # (see unmet), torchvision the CUDA build of torch. The wheels of
    # xtcocotools are built for NumPy 1.
    local from_source=()
    if [ "$newest" = 1 ]; then from_source=(--no-binary=xtcocotools); fi
    step 'mmpose, openmim, torchvision, xtcocotools' '15 s' "$index_remedy" \
        pip install --no-deps --no-build-isolation -c "$constraints" \
        "${from_source[@]}" mmpose openmim torchvision xtcocotools
    step 'this package' '5 s' "$index_remedy" install_package
    step 'mmdet, mmengine and the rest' '45 s' "$index_remedy" \
        install_unmet "$constraints"
    if run_job mmcv_wheel >"$state/logs/mmcv_wheel.log" 2>&1; then
        number=$((number + 1))
        say "[$number/$steps] mmcv: a wheel with its ops is installed"
    else
        step 'mmcv, no wheel found: built with its ops' \
            '5 min on two cores' \
            'fix the error in the log, or provide a wheel of mmcv 2.1.0 for this
Python and torch through PIP_FIND_LINKS.' \
            mmcv_source
    fi
    check
}

# Add missing packages to a stack that is kept.
set_up_beside_stack() {
    say "using the torch, mmcv, mmdet and mmpose of $python."
    local frozen=$state/installed.txt
    pip list --format=freeze >"$frozen" 2>/dev/null
    install_beside() {
        install_package &&
            { "$python" -c 'import mim' 2>/dev/null ||
                pip install --no-deps -c "$constraints" openmim; }
    }
    local remedy="$index_remedy If this Python is managed by the system, \
use a virtual environment with --system-site-packages."
    step 'this package' '5 s' "$remedy" install_beside
    local names
    names=$(installed unmet | tr '\n' ' ')
    step "missing packages: ${names:-none}" '30 s' "$remedy" \
        install_unmet "$frozen"
    check
}

check() {
    step 'check' '15 s' 'follow the remedies in the log.' \
        "$python" "$root/tools/check_env.py"
    mark_ready
}

# --- main --------------------------------------------------------------------

mkdir -p "$state/logs"
exec 9>"$state/lock"
if ! flock -n 9; then
    say 'another set-up is running; waiting for it.'
    run_job flock 9
fi

if [ -n "${PYTHON-}" ] && ! executable "$PYTHON" >/dev/null; then
    say "expected PYTHON to be a Python, but '$PYTHON' does not run."
    exit 1
fi
python=''
for candidate in ${PYTHON:-python3 python}; do
    if [ "$newest" = 0 ] && has_stack "$candidate"; then
        python=$(executable "$candidate")
        break
    fi
done
if [ -z "$python" ] || [ "${python%/bin/*}" -ef "$venv" ]; then
    python=$venv/bin/python
    is_ready "$python" || set_up_venv
elif ! is_ready "$python"; then
    number=0
    steps=3
    mark=$state/beside_in_progress
    if was_ready "$python"; then
        say "packages of $python have changed since the last set-up."
        repair
        steps=$((steps + 1))
        step "missing packages: $(installed unmet | tr '\n' ' ')" '30 s' \
            "$index_remedy" install_unmet "$constraints"
    fi
    rm -f "$state/ready"
    if run_job "$python" "$root/tools/check_env.py" --stack \
        >"$state/logs/stack.log" 2>&1; then
        set_up_beside_stack
    else
        say "the mmpose of $python does not work, see" \
            "$state/logs/stack.log: .venv is used instead."
        python=$venv/bin/python
        is_ready "$python" || set_up_venv
    fi
fi
say "Python: $python"
if [ "$print_python" = 1 ]; then echo "$python"; fi
