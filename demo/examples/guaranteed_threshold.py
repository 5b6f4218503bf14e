"""Keep joints so that at most 5 % of them are wrong, with 90 % confidence.

python demo/examples/guaranteed_threshold.py SCORED.json ANN.json NEW.json

SCORED.json and NEW.json are results with keypoint_trust, as
trust_for_movenet.py writes them; ANN.json holds labels of the persons in
SCORED.json, which trust must not have been fitted to. The promise holds for
images like these. The same as commands: tools/choose_threshold.py and
tools/export_trust.py.
"""

import json
import sys
from pathlib import Path

import numpy as np

from self_verify_pose.constants import TRUST
from self_verify_pose.engine.decisions.certify import (
    Promise,
    certify,
    read_image_scores,
)
from self_verify_pose.engine.decisions.shift_check import check_shift
from self_verify_pose.metrics.evaluation.io.reading import read_predictions

scored, annotations, new = map(Path, sys.argv[1:4])

# Choose: the lowest threshold for which the labels prove the promise.
predictions = read_predictions(scored, annotations)
images = read_image_scores(scored, TRUST)
certificate = certify(predictions, Promise(0.05, 0.9), images, {})
print(certificate.promise)
if certificate.all.threshold is None:
    sys.exit(certificate.all.reason)
print(f'threshold {certificate.all.threshold:.3f}')

# Apply: which joints of new persons are kept, and are the images alike?
trust = np.array([one[TRUST] for one in json.loads(new.read_text())])
kept = certificate.accept(trust)  # (N, K)
print(f'{kept.mean():.0%} of the joints of {len(kept)} new persons are kept')
shift = check_shift(read_image_scores(new, TRUST), certificate.expected_scores)
print(shift.describe())
