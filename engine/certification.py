"""Certificates of an estimator, kept in its checkpoint."""

from pathlib import Path
from typing import Any

from mmengine.device import get_device
from mmengine.registry import init_default_scope

from ..datasets.coco_instances import build_split
from .checkpoint import (
    load_estimator,
    read_checkpoint,
    save_checkpoint,
    state_dict_of,
)
from .config_file import load_config
from .decisions.certificate import Certificate, as_json, from_json
from .decisions.certify import (
    Promise,
    certify,
    describe_files,
    pick_score,
    scores_of_images,
)
from .evaluation import predict_dataset

CERTIFICATE_KEY = 'trust_certificate'


def certify_model(
    config: Path,
    checkpoint: Path,
    ann: Path,
    images: Path | None,
    promise: Promise,
    store: Path | None = None,
    max_samples: int | None = None,
    batch_size: int = 32,
    workers: int = 0,
    seed: int = 0,
) -> Certificate:
    """Choose thresholds of an estimator.

    Args:
        config: Config of an estimator with trust.
        checkpoint: Its weights.
        ann: Annotations that neither network nor trust was trained on.
        images: Their images; ``images`` beside them by default.
        promise: The guarantee that is wanted.
        store: Copy of the checkpoint to make, with the certificate.
        max_samples: Number of persons; all by default.
        batch_size: Persons per batch.
        workers: Processes that load images.
        seed: Seed of the division of the images.

    Returns:
        The certificate.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file holds something else, or there is no trust.
    """
    init_default_scope('mmpose')
    cfg = load_config(config)
    content = read_checkpoint(checkpoint)
    state = state_dict_of(content)
    model = load_estimator(cfg, state, checkpoint, True, get_device())
    dataset = build_split(cfg, 'val', ann, images, max_samples)
    predictions = predict_dataset(model, dataset, batch_size, workers)
    scores = pick_score(predictions.scores, promise.score)
    data = describe_files(checkpoint=checkpoint, ann=ann)
    means = scores_of_images(scores, predictions.truth.image_ids)
    certificate = certify(predictions, promise, means, data, seed)
    if store is not None:
        save_checkpoint(with_certificate(content, certificate), store)
    return certificate


def with_certificate(
    checkpoint: dict[str, Any], certificate: Certificate
) -> dict[str, Any]:
    """Add a certificate to a checkpoint.

    Args:
        checkpoint: Content as from :func:`~.checkpoint.read_checkpoint`.
        certificate: The certificate; it replaces an earlier one.

    Returns:
        The content with the certificate in its ``meta``.
    """
    if 'state_dict' not in checkpoint:
        checkpoint = {'state_dict': checkpoint}
    meta = {
        **checkpoint.get('meta', {}),
        CERTIFICATE_KEY: as_json(certificate),
    }
    return {**checkpoint, 'meta': meta}


def certificate_of(
    checkpoint: dict[str, Any], path: str | Path
) -> Certificate | None:
    """Return the certificate of a checkpoint.

    Args:
        checkpoint: Content as from :func:`~.checkpoint.read_checkpoint`.
        path: Its file, for the message.

    Returns:
        The certificate; None if there is none.

    Raises:
        ValueError: If there is something else in its place.
    """
    meta = checkpoint.get('meta')
    content = meta.get(CERTIFICATE_KEY) if isinstance(meta, dict) else None
    return None if content is None else from_json(content, str(path))
