"""Test with MMPose's tools/test.py; ``mim test self_verify_pose`` runs it.

python tools/test.py CONFIG CHECKPOINT [OPTIONS]
"""

import self_verify_pose.compat  # noqa: F401, isort: skip

from self_verify_pose.tools.command_line import run_mmpose_tool

if __name__ == '__main__':
    run_mmpose_tool('test')
