"""Trust for a file of predictions, here of MoveNet, without the network.

python demo/examples/trust_for_movenet.py LABELED.json ANN.json NEW.json
    [NEW_ANN.json]

LABELED.json and NEW.json are keypoint results of the same estimator in COCO
format. ANN.json holds labels of the persons in LABELED.json, a few hundred;
NEW_ANN.json the boxes of those in NEW.json, where the results have none.
Needs NumPy and scikit-learn alone. The same as commands: tools/fit_trust.py
and tools/apply_trust.py.
"""

import json
import sys
from pathlib import Path

from self_verify_pose.engine.posthoc import PosthocTrust
from self_verify_pose.engine.posthoc.results_file import (
    read_labeled,
    read_persons,
)

labeled, annotations, new = map(Path, sys.argv[1:4])
boxes = Path(sys.argv[4]) if len(sys.argv) > 4 else None

# Fit: which predicted joints of labeled persons are correct?
known, notes = read_labeled(labeled, annotations)
print(*notes, sep='\n')
trust = PosthocTrust.fit(known)
print(
    f'{len(known.images)} labeled persons; AUROC in cross-validation: score '
    f'{trust.found.score_auroc:.3f}, trust {trust.found.auroc:.3f}'
)

# Apply: (N, K) probabilities that the joints of further persons are correct.
values = trust.predict(read_persons(new, boxes))
results = json.loads(new.read_text())
for result, row in zip(results, values.tolist(), strict=True):
    result['keypoint_trust'] = row
scored = new.with_name(f'{new.stem}_scored.json')
scored.write_text(json.dumps(results))
print(f'{scored}: {(values >= 0.5).mean():.0%} of the joints above 0.5')
