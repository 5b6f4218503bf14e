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

    MMPose's inferencer with trust, for images, folders and videos:

    >>> from self_verify_pose.apis import TrustInferencer
    >>> inferencer = TrustInferencer(
    ...     'config.py', 'checkpoint.pth', det_model='whole_image'
    ... )
    >>> for result in inferencer('photo.jpg', out_dir='out'):
    ...     for person in result['predictions'][0]:
    ...         print(len(person['keypoint_trust']))
    17

    One person in five frames, smoothed with the weights of trust;
    ``smooth_video`` takes all persons of a video:

    >>> import numpy as np
    >>> from self_verify_pose.apis import smooth_poses
    >>> keypoints = np.repeat(instances.keypoints, 5, 0)  # (T, K, 2)
    >>> trust = np.repeat(instances.keypoint_trust, 5, 0)  # (T, K)
    >>> smooth_poses(keypoints, trust).shape
    (5, 17, 2)
"""

from .engine.inference import (
    as_dicts,
    check_boxes,
    inference_trust,
    init_trust_model,
    load_image,
    save_predictions,
)
from .engine.inferencer import TrustInferencer
from .engine.smoothing import smooth_poses, smooth_video

__all__ = [
    'TrustInferencer',
    'as_dicts',
    'check_boxes',
    'inference_trust',
    'init_trust_model',
    'load_image',
    'save_predictions',
    'smooth_poses',
    'smooth_video',
]
