"""The examples of CONTRIBUTING.md run, as files of a user's own."""

import os
import re
import subprocess
import sys

from helpers import ROOT

PAGE = (ROOT / 'CONTRIBUTING.md').read_text()
RUN = """
import torch
from helpers import narrow, packed_batch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

from self_verify_pose.models.distributions import read_head

config = Config.fromfile('my_config.py')
init_default_scope('mmpose')
model = MODELS.build(narrow(config.model)).train()
names = [type(part).__name__ for part in (model.source, model.trust_head)]
assert names == ['MySource', 'MyHead'], names
assert model.source.limit == 0.1
assert model.trust_head.layers[1].out_features == 8
model.loss(**packed_batch(model))['loss_trust'].backward()
assert all(p.grad is not None for p in model.trust_head.parameters())

del model.head.loss_module.beta
reader = read_head(model.head)
assert type(reader).__name__ == 'MyReader'
assert reader.encoding.beta == 1.0

model.eval()
with torch.no_grad():
    samples = model.predict(**packed_batch(model, training=False))
assert config.test_evaluator == config.val_evaluator
assert [e.type for e in config.val_evaluator[-2:]] == [
    'JointTrustMetric',
    'MyMetric',
]
evaluator = Evaluator(config.val_evaluator[-1])
evaluator.process(samples)
metrics = evaluator.evaluate(len(samples))
trust = [s.pred_instances.keypoint_trust.mean() for s in samples]
assert abs(metrics['trust/mean'] - sum(trust) / 3) < 1e-6
"""


def test_the_examples_run(tmp_path):
    files = dict(re.findall(r'```python\n# (\w+\.py)\n(.*?)```', PAGE, re.S))
    assert set(files) == {
        'my_config.py',
        *(f'my_{name}.py' for name in ('source', 'head', 'reader', 'metric')),
    }
    assert PAGE.count('```python') == len(files)
    for name, text in files.items():
        text = text.replace("'configs/", f"'{ROOT}/configs/")
        (tmp_path / name).write_text(text)
    (tmp_path / 'run.py').write_text(RUN)
    path = os.pathsep.join(map(str, [tmp_path, ROOT / 'tests', *sys.path]))
    done = subprocess.run(
        [sys.executable, 'run.py'],
        cwd=tmp_path,
        env=os.environ | {'PYTHONPATH': path, 'BACKBONE_INIT': 'none'},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
