"""Trainings that are disturbed while they run."""

import json

import pytest
import torch
from small_training import run, small_config, weights_of


@pytest.mark.slow
def test_nan_keeps_the_checkpoints_of_before(
    synthetic_coco, tmp_path, monkeypatch
):
    from self_verify_pose.models.pose_estimators import selfverify_topdown

    estimator = selfverify_topdown.SelfVerifyTopdown
    real, steps = estimator.loss, []

    def loss(self, inputs, data_samples):
        steps.append(data_samples)
        losses = real(self, inputs, data_samples)
        if len(steps) == 5:
            losses['loss_trust'] = losses['loss_trust'] * float('nan')
        return losses

    monkeypatch.setattr(estimator, 'loss', loss)
    with pytest.raises(ValueError, match=r'loss_trust=nan.*at step 4'):
        run(small_config(tmp_path, synthetic_coco))
    assert sorted(p.name for p in tmp_path.glob('epoch_*')) == ['epoch_1.pth']
    for weight in weights_of(tmp_path / 'latest.pth').values():
        assert torch.isfinite(weight).all()
    named = json.loads((tmp_path / 'non_finite_rank0.json').read_text())
    assert named['samples'] == [
        {name: sample.metainfo[name] for name in ('img_path', 'img_id', 'id')}
        for sample in steps[4]
    ]
