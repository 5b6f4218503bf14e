"""Numbers and names that several parts of the package share.

Imports nothing, so that every part may import it.
"""

# A keypoint is correct if its error is at most this share of the person
# size, the longer side of the person's box (PCK with this threshold).
PCK_THRESHOLD = 0.05

# Fields of ``pred_instances``.
TRUST = 'keypoint_trust'
RAW_SCORE = 'keypoint_scores'
ACCEPTED = 'keypoints_accepted'

# Bins of calibration errors and reliability diagrams.
NUM_BINS = 15
# Draws of images with replacement for bootstrap intervals.
NUM_BOOTSTRAP = 200

# Rate of exp(-alpha * distance), distances in person sizes.
DECAY_RATE = 10.0
