"""Run scripts with stubs in place of the set-up and of the long jobs."""

import os
import shutil
import signal
import subprocess
from functools import partial
from pathlib import Path

from helpers import ROOT

# Logs each job with what it is given; the job itself is written by a test.
STUB = """#!/usr/bin/env bash
if [ "$1" = -I ] || [ "$1" = -c ]; then exec python3 "$@"; fi
name=$(basename "$1")
echo "$name ${*:2} | FAST=${FAST-} | $COCO_ROOT | ${POSE_CKPT-}" >>"$JOBS"
case $1 in
    */run_mim.py)
        work=$*
        work=${work#*--work-dir }
        work=${work%% *}
        mkdir -p "$work"
        touch "$work/latest.pth" "$work/$(basename "$4")"
        ;;
    */choose_fast.py) echo 1 ;;
    */prepare_test.py)
        echo "$3"
        echo "$2"
        ;;
    */generate_solvability_cache.py)
        cache=$*
        cache=${cache#*--out }
        touch "${cache%% *}"
        ;;
esac
{job}
"""


class Stubbed:
    """A copy of the scripts, whose jobs are stubs.

    Args:
        folder: Made; the working directory is ``root``, which holds the link
            ``projects/self_verify_pose``.
        job: Shell commands that each job runs.
    """

    def __init__(self, folder: Path, job: str = '') -> None:
        self.root = folder / 'root'
        self.jobs = folder / 'jobs.txt'
        copy = folder / 'repository'
        (copy / 'tools').mkdir(parents=True)
        for path in (*ROOT.glob('run_*.sh'), *ROOT.glob('tools/*.sh')):
            shutil.copy(path, copy / path.relative_to(ROOT))
        shutil.copy(ROOT / 'environment.py', copy)
        shutil.copytree(ROOT / 'configs', copy / 'configs')
        self.python = copy / 'python'
        self.python.write_text(STUB.replace('{job}', job))
        self.python.chmod(0o755)
        setup = copy / 'tools' / 'setup_env.sh'
        setup.write_text(f'echo {self.python}\n')
        (self.root / 'projects').mkdir(parents=True)
        (self.root / 'projects' / 'self_verify_pose').symlink_to(copy)

    def start(self, script: str, *arguments: str, **variables: str):
        """Start a script as from the root of an MMPose checkout."""
        given = {k: v for k, v in os.environ.items() if k != 'COCO_ROOT'}
        return subprocess.Popen(
            ['bash', f'projects/self_verify_pose/{script}', *arguments],
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**given, 'JOBS': str(self.jobs), **variables},
            # a shell that starts these tests in the background has it ignored
            preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, script: str, *arguments: str, **variables: str):
        """Return exit code, standard output and standard error."""
        process = self.start(script, *arguments, **variables)
        output, errors = process.communicate(timeout=60)
        return process.returncode, output, errors

    def ran(self) -> list[str]:
        """Return the jobs that were started."""
        return self.jobs.read_text().splitlines() if self.jobs.exists() else []


def alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended may wait for init."""
    try:
        state = Path(f'/proc/{pid}/stat').read_text()
    except OSError:
        return False
    return state.rsplit(')', 1)[1].split()[0] != 'Z'
