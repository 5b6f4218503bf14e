"""Decide on held-out images what is kept of the trust head."""

import copy
from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.hooks import EMAHook, Hook
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from mmpose.registry import HOOKS
from torch.utils.data import DataLoader

from ...datasets.held_out import HeldOutPersons, hold_out
from ...models.heads.base import BaseTrustHead
from ...models.heads.calibration import fit_calibration, identity_map
from ...models.heads.trust_features import TrustFeatures
from ...models.heads.trust_head import TrustHead
from ...models.option_checks import check_range
from ...models.pose_estimators.held_out import score_held_out
from ...models.pose_estimators.selfverify_topdown import SelfVerifyTopdown
from ..model_wrapper import unwrap_model
from ..trust_selection import (
    HeldOutJoints,
    Kept,
    decide,
    fit_anchor,
    free_logits,
    person_shares,
)

_KEY = 'trust_selection'  # of a checkpoint, and of its meta
_BATCH = 32


@HOOKS.register_module()
class TrustSelectionHook(Hook):
    """Hold out training images, and let them decide what is kept of the head.

    The trust head is not trained on the persons of these images; a pose
    network that trains is. On them, before the training, the free score is
    calibrated for each keypoint where the pose network is frozen. After each
    epoch the share of the residual that prediction keeps is chosen, by labels
    one for each data set of the training: none where it does not rank joints
    better than the free score. After the last epoch the best head of all
    epochs is taken, so that training stops early. Trust that learns from
    labels is then calibrated.

    Sources that use labels are evaluated by labels, the others by the
    agreement of strongly augmented views with the crop, see
    ``score_held_out``. No image of validation or test takes part. The
    decisions are logged, and stored in the checkpoint's
    ``meta['trust_selection']``. Features that are stored without their images
    are trained on as they are.

    Args:
        share: Share of the training images that are held out, in [0, 1]. With
            0 the whole residual is kept, unchecked.
        max_persons: Largest number of held-out persons, about.
        seed: Seed of the choice of images and of the augmented views.

    Raises:
        ValueError: If an option is out of range.
    """

    priority = 'BELOW_NORMAL'

    def __init__(
        self, share: float = 0.2, max_persons: int = 1000, seed: int = 0
    ) -> None:
        check_range('TrustSelectionHook.share', share, 0, 1)
        check_range('TrustSelectionHook.max_persons', max_persons, 1)
        self.share, self.max_persons, self.seed = share, max_persons, seed
        self._sets: list[HeldOutPersons] = []
        # joints and features of each set, while the pose network is frozen
        self._scored: list[tuple[HeldOutJoints, TrustFeatures]] = []
        self._best: dict[str, Any] | None = None
        self._report: dict[str, Any] = {}

    def before_train(self, runner: Runner) -> None:
        """Hold out images and calibrate the free score.

        Args:
            runner: The runner that is about to train.

        Raises:
            ValueError: If there is no validation, whose pipeline makes the
                crops.
        """
        models = _models(runner)
        if not models:
            return
        if not self.share:
            runner.logger.warning(
                'Trust head: the whole residual is kept, unchecked, since '
                'default_hooks.trust_selection.share is 0.'
            )
            return
        val = (runner.cfg.get('val_dataloader') or {}).get('dataset', {})
        if 'pipeline' not in val:
            raise ValueError(
                'val_dataloader.dataset.pipeline: expected the transforms of '
                'crops without augmentation, found none; give it, or set '
                'default_hooks.trust_selection.share=0'
            )
        try:
            self._sets = hold_out(
                runner.train_dataloader.dataset,
                val,
                self.share,
                self.max_persons,
                self.seed,
            )
        except FileNotFoundError as error:
            runner.logger.warning(
                'Trust head: the whole residual is kept, unchecked, since the '
                f'images of the stored features are not there ({error}).'
            )
            return
        self._scored = []
        ids = frozenset().union(*(one.ids for one in self._sets))
        for model in models:
            model.held_out = ids
        self._report_held_out(len(ids), models[0], runner.logger)
        if not models[0].full_param_train and not runner._resume and ids:
            self._calibrate_free_score(models)

    def _calibrate_free_score(self, models: list[SelfVerifyTopdown]) -> None:
        scale, shift = fit_anchor(self._joints(models[-1]))
        for head in _heads(models):
            head.anchor.scale.copy_(torch.from_numpy(scale))
            head.anchor.shift.copy_(torch.from_numpy(shift))

    def _report_held_out(
        self, persons: int, model: SelfVerifyTopdown, logger: MMLogger
    ) -> None:
        """Log and note how many persons are held out, and for what."""
        source = model.source
        assert source is not None  # there is a trust head
        largest = source.largest_share(model.options)
        images = sum(len(set(one.images)) for one in self._sets)
        evaluated_by = 'labels' if source.uses_labels else 'agreement'
        self._report |= {
            'held_out_persons': persons,
            'held_out_images': images,
            'evaluated_by': evaluated_by,
        }
        logger.info(
            f'Trust head: {persons} persons in {images} images are held out '
            f'of its training; evaluated by {evaluated_by}.'
        )
        if evaluated_by == 'agreement' and not largest:
            logger.warning(
                'Nothing is kept of the trust head, and trust is the free '
                'score: without labels, heads that learn from a teacher '
                'ranked joints worse. default_hooks.trust_selection.share=0 '
                'keeps all of it; trust_cfg.source=annotation uses labels.'
            )
        elif not persons:
            logger.warning(
                'Too few training images to hold one out: nothing is kept of '
                'the trust head, and trust is the free score.'
            )

    def after_train_epoch(self, runner: Runner) -> None:
        """Choose the share of the residual, and at the end the best head.

        Args:
            runner: The runner.
        """
        models = _models(runner)
        if not models or not self._report:
            return
        epoch = runner.epoch + 1
        kept = self._decide(models, epoch)
        best = self._best
        is_last = epoch == runner.max_epochs
        if is_last and best is not None and kept.gain < best['kept'].gain:
            for head in _heads(models):
                head.load_state_dict(best['head'])
            # the pose network may have changed since
            kept = self._decide(models, best['epoch'])
        if self._best is None or kept.gain >= self._best['kept'].gain:
            state = copy.deepcopy(_heads(models)[-1].state_dict())
            self._best = {
                'head': state,
                'kept': kept,
                'epoch': self._report['epoch'],
            }
        shares = ', '.join(f'{share:g}' for share in kept.shares)
        runner.logger.info(
            f'Trust head of epoch {self._report["epoch"]}: share '
            f'{shares} of the residual is kept; AUROC '
            f'{kept.gain:+.4f} (standard error {kept.error:.4f}) against the '
            'free score, on held-out images, by '
            f'{self._report["evaluated_by"]}.'
        )

    def before_save_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Store the decisions.

        Args:
            runner: The runner.
            checkpoint: What is saved.
        """
        if self._report:
            checkpoint['meta'][_KEY] = dict(self._report)
        if self._best is not None:
            best = {**self._best, 'kept': tuple(self._best['kept'])}
            checkpoint[_KEY] = best

    def after_load_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Restore the best head of a run that is resumed.

        Args:
            runner: The runner.
            checkpoint: What was loaded.
        """
        best = checkpoint.get(_KEY) if runner._resume else None
        if best is not None:
            self._best = {**best, 'kept': Kept(*best['kept'])}

    def _decide(self, models: list[SelfVerifyTopdown], epoch: int) -> Kept:
        """Choose the share, calibrate, and note both for the checkpoint."""
        model = models[-1]  # the averaged one, which is saved and tested
        by_labels = self._report['evaluated_by'] == 'labels'
        sets = self._joints(model)
        anchor = _heads(models)[-1].anchor
        scale, shift = (
            values.double().cpu().numpy()
            for values in (anchor.scale, anchor.shift)
        )
        assert model.source is not None  # there is a trust head
        largest = model.source.largest_share(model.options)
        kept, domains = decide(
            sets, scale, shift, by_labels, self.seed, largest
        )
        calibration = identity_map()
        if sets and by_labels:
            trust, correct = [], []
            for one in sets:
                logits = scale * free_logits(one.free_scores) + shift
                shares = person_shares(kept, domains, one)[:, None]
                logits += shares * one.residuals
                trust.append(1 / (1 + np.exp(-logits[one.known])))
                correct.append(one.correct[one.known])
            try:
                calibration = fit_calibration(
                    np.concatenate(trust),
                    np.concatenate(correct),
                    'temperature',
                )
            except ValueError:  # too few held-out joints, or wrong order
                self._report['calibrated'] = False
            else:
                self._report['calibrated'] = True
        for head in _heads(models):
            head.anchor.keep(kept.shares, domains)
            head.calibration.set(calibration)
        self._report |= {'epoch': epoch, **kept._asdict()}
        return kept

    @torch.no_grad()
    def _joints(self, model: SelfVerifyTopdown) -> list[HeldOutJoints]:
        """Score the held-out persons; a frozen network scores them once."""
        was_training = model.training
        model.eval()
        head = model.trust_head
        if self._scored and isinstance(head, TrustHead):
            found = [
                joints._replace(
                    residuals=head.forward_features(features).cpu().numpy()
                )
                for joints, features in self._scored
            ]
        else:
            device = next(model.parameters()).device
            devices = [device] if device.type == 'cuda' else []
            with torch.random.fork_rng(devices):
                torch.manual_seed(self.seed)  # the same augmented views
                scored = [self._score(model, one) for one in self._sets]
            if isinstance(head, TrustHead) and not model.full_param_train:
                self._scored = scored
            found = [joints for joints, _ in scored]
        model.train(was_training)
        return found

    def _score(
        self, model: SelfVerifyTopdown, persons: HeldOutPersons
    ) -> tuple[HeldOutJoints, TrustFeatures]:
        loader = DataLoader(persons.persons, _BATCH, collate_fn=pseudo_collate)
        rows = []
        for batch in loader:
            data = model.data_preprocessor(batch, False)
            rows.append(
                score_held_out(model, data['inputs'], data['data_samples'])
            )
        views = len(rows[0].known)
        *values, joint_features, scalar_features, domain = (
            torch.cat(parts, 1).flatten(0, 1)
            for parts in zip(*rows, strict=True)
        )
        columns = [value.cpu().numpy() for value in values]
        images = np.tile(persons.images, views)
        return (
            HeldOutJoints._make([*columns, images, domain.cpu().numpy()]),
            TrustFeatures(joint_features, scalar_features),
        )


def _models(runner: Runner) -> list[SelfVerifyTopdown]:
    """The trained model and, last, the one with averaged weights, if any.

    None where there is no trust head, as in a model of plain MMPose.
    """
    models = [unwrap_model(runner.model)]
    for hook in runner._hooks:
        if isinstance(hook, EMAHook):
            models.append(unwrap_model(hook.ema_model.module))
    if getattr(models[0], 'trust_head', None) is None:
        return []
    return models


def _heads(models: list[SelfVerifyTopdown]) -> list[BaseTrustHead]:
    return [m.trust_head for m in models if m.trust_head is not None]
