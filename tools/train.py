"""Train with MMPose's tools/train.py; ``mim train self_verify_pose`` runs it.

python tools/train.py CONFIG [OPTIONS]
"""

import self_verify_pose.compat  # noqa: F401, isort: skip

from self_verify_pose.tools.command_line import run_mmpose_tool

if __name__ == '__main__':
    run_mmpose_tool('train')
