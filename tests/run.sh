#!/usr/bin/env bash
# Set up what is missing, then run the linters, the type checker, the tests.
#
#   bash tests/run.sh [--all] [--newest] [PYTEST ARGUMENTS]
#   bash tests/run.sh --lint | --types
#
#   --all     also run the tests that take minutes (marked slow), and measure
#             coverage
#   --newest  run the tests alone, in an environment with NumPy 2 and the
#             newest versions (tools/newest.txt)
#   --lint    run ruff and import-linter alone
#   --types   run mypy alone
#
# With --all and without pytest arguments, a run fails where the coverage of a
# file of the package stays below the floor (tests/coverage_floor.py). Other
# runs do not measure it: the tests then need a third more time.
# Paths in the arguments are relative to the repository root. PYTHON names
# the Python to use, see tools/setup_env.sh.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
only=
all=0
newest=0
setup=(--dev --print-python)
selection=(-m 'not slow')
arguments=()
for argument in "$@"; do
    case $argument in
        --all)
            all=1
            selection=()
            ;;
        --newest)
            newest=1
            setup+=(--newest)
            ;;
        --lint | --types) only=${argument#--} ;;
        *) arguments+=("$argument") ;;
    esac
done

python=$(bash tools/setup_env.sh "${setup[@]}")
# The scripts, not `python -m`, which would put this folder's sub-folders
# (datasets, metrics, ...) among the top-level packages.
bin=$("$python" -c 'import sysconfig; print(sysconfig.get_path("scripts"))')
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

# Import-linter and mypy want a folder that holds the package under its name;
# the repository's own folder may have any name.
ln -s "$root" "$temporary/self_verify_pose"
ln -s "$root/pyproject.toml" "$temporary/pyproject.toml"

if [ "$only" != types ] && [ "$newest" = 0 ]; then
    "$bin/ruff" check .
    "$bin/ruff" format --check .
    (cd "$temporary" && "$bin/lint-imports" --no-logo --no-cache)
fi
if [ "$only" != lint ] && [ "$newest" = 0 ]; then
    (cd "$temporary" && MYPYPATH=$temporary "$bin/mypy" --cache-dir=/dev/null)
fi
if [ -n "$only" ]; then exit; fi

if [ "${#arguments[@]}" -gt 0 ]; then
    "$bin/pytest" "${selection[@]}" "${arguments[@]}"
    exit
fi
# Processes of one thread each share the files; more than four do not help.
cores=$(nproc)
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
parallel=(-n "$((cores < 4 ? cores : 4))" --dist loadfile)
parallel+=(--no-loadscope-reorder)
if [ "$all" = 0 ] || [ "$newest" = 1 ]; then
    "$bin/pytest" "${selection[@]}" "${parallel[@]}"
    exit
fi
"$bin/pytest" "${parallel[@]}" \
    --cov --cov-report= --cov-report=json:"$temporary/coverage.json"
"$python" tests/coverage_floor.py "$temporary/coverage.json"
