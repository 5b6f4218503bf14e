"""Python interface: inference of poses with trust, in the types of MMPose.

Examples:
    >>> from self_verify_pose.apis import (
    ...     inference_trust,
    ...     init_trust_model,
    ...     save_predictions,
    ... )
    >>> model = init_trust_model('config.py', 'checkpoint.pth', 'cpu')
    >>> samples = inference_trust(model, 'photo.jpg', [[20, 30, 180, 250]])
    >>> instances = samples[0].pred_instances
    >>> instances.keypoints.shape, instances.keypoint_scores.shape
    ((1, 17, 2), (1, 17))
    >>> instances.keypoint_trust.shape
    (1, 17)
    >>> doubtful = instances.keypoints[instances.keypoint_trust < 0.5]
    >>> save_predictions(samples, 'photo.json')

    Of a video, smoothed with the weights of trust, one person over all
    frames, or all persons:

    >>> smoothed = smooth_poses(keypoints, trust)  # (T, K, 2), (T, K)
    >>> smoothed, numbers = smooth_video(boxes, keypoints, trust)
"""

from .engine.inference import (
    as_dicts,
    check_boxes,
    inference_trust,
    init_trust_model,
    load_image,
    save_predictions,
)
from .engine.smoothing import smooth_poses, smooth_video

__all__ = [
    'as_dicts',
    'check_boxes',
    'inference_trust',
    'init_trust_model',
    'load_image',
    'save_predictions',
    'smooth_poses',
    'smooth_video',
]
