"""Name the images to label next: many wrong joints, and different poses.

python demo/examples/label_next.py SCORED.json ANN.json COUNT

SCORED.json is a file of results with keypoint_trust, as trust_for_movenet.py
writes it; ANN.json names the images, its labels are not read. The same as a
command, with files for Label Studio and CVAT: tools/select_images.py.
"""

import sys
from pathlib import Path

from self_verify_pose.engine.selection.image_selection import (
    ImageCandidates,
    select_images,
)
from self_verify_pose.engine.selection.scored_file import read_scored

scored = read_scored(Path(sys.argv[1]), Path(sys.argv[2]), None)
count = int(sys.argv[3])
images = ImageCandidates.of_persons(
    scored.persons, scored.trust, scored.image_ids
)

# Of the 4 * count images with the most expected wrong joints, those whose
# poses are far from each other.
order = select_images(images.expected_wrong, images.features, count, spread=4)
for position in order:
    name = scored.images[images.image_ids[position].item()].name
    wrong = images.expected_wrong[position]
    print(f'{name}: {wrong:.1f} wrong joints are expected')
mean, number = images.expected_wrong.mean(), len(images.image_ids)
print(f'{mean:.1f} an image in all {number} images')
