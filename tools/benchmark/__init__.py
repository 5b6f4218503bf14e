"""Time and memory of this package against those of plain RTMPose-S."""

import self_verify_pose.compat  # noqa: F401  (new processes start here)
