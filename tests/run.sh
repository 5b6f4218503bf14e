#!/usr/bin/env bash
# Set up what is missing, then run the linter and the tests.
#
#   bash tests/run.sh [--all] [PYTEST ARGUMENTS]
#
#   --all  also run the tests that take minutes (marked slow)
#
# Paths in the arguments are relative to the repository root. PYTHON names
# the Python to use, see tools/setup_env.sh.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
selection=(-m 'not slow')
arguments=()
for argument in "$@"; do
    if [ "$argument" = --all ]; then
        selection=()
    else
        arguments+=("$argument")
    fi
done

python=$(bash tools/setup_env.sh --dev --print-python)
# The scripts, not `python -m`, which would put this folder's sub-folders
# (datasets, metrics, ...) among the top-level packages.
bin=$("$python" -c 'import sysconfig; print(sysconfig.get_path("scripts"))')
"$bin/ruff" check .
"$bin/ruff" format --check .
exec "$bin/pytest" "${selection[@]}" "${arguments[@]}"
