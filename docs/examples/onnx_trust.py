"""Trust beside RTMPose in ONNX: numpy, OpenCV and onnxruntime alone.

python onnx_trust.py model.onnx IMAGE X0 Y0 X1 Y1

model.onnx is what ``tools/export_onnx.py`` writes (the full form). For every
keypoint x, y in pixels of the image, the raw score and the trust are printed.
"""

import sys

import cv2
import numpy as np
import onnxruntime

PADDING = 1.25  # of the box, as MMPose's GetBBoxCenterScale


def crop(image, box, size):
    """Cut the padded box; return it with its corner and the scale."""
    (x0, y0, x1, y1), (width, height) = box, size
    side = np.array([x1 - x0, y1 - y0]) * PADDING
    side = np.maximum(side, side[::-1] * (width / height, height / width))
    corner = np.array([x0 + x1, y0 + y1]) / 2 - side / 2
    scale = side[0] / width  # pixels of the image in one of the crop
    turn = np.array([[1, 0, -corner[0]], [0, 1, -corner[1]]]) / scale
    return cv2.warpAffine(image, turn, size), corner, scale


def predict(session, image, boxes):
    """Predict ``(N, K, 2)`` keypoints, and scores and trust, ``(N, K)``."""
    meta = session.get_modelmeta().custom_metadata_map
    size = tuple(map(int, meta['input_size'].split(',')))
    mean, std = (
        np.array(meta[name].split(','), np.float32) for name in ('mean', 'std')
    )
    rgb = image[..., ::-1] if meta['channels'] == 'RGB' else image
    crops, corners, scales = zip(
        *(crop(np.ascontiguousarray(rgb), box, size) for box in boxes),
        strict=True,
    )
    inputs = (np.stack(crops).astype(np.float32) - mean) / std
    longer = [max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in boxes]
    sizes = np.array(longer, np.float32) / np.array(scales, np.float32)
    keypoints, scores, trust = session.run(
        ['keypoints', 'scores', 'trust'],
        {'crops': inputs.transpose(0, 3, 1, 2), 'person_sizes': sizes},
    )
    scales, corners = np.array(scales)[:, None, None], np.array(corners)
    return keypoints * scales + corners[:, None], scores, trust


if __name__ == '__main__':
    model, path, *numbers = sys.argv[1:]
    opened = onnxruntime.InferenceSession(model)
    found = predict(opened, cv2.imread(path), [list(map(float, numbers))])
    names = opened.get_modelmeta().custom_metadata_map['keypoints'].split(',')
    rows = zip(names, *(values[0] for values in found), strict=True)
    for name, point, score, trust in rows:
        print(f'{name} {point[0]:.1f} {point[1]:.1f} {score:.3f} {trust:.3f}')
