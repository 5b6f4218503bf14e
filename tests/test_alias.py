"""The package as projects.self_verify_pose, as older configs name it."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT

import self_verify_pose

CONFIG = """
custom_imports = dict(
    imports=[
        'projects.self_verify_pose.models',
        'projects.self_verify_pose.metrics',
        {more}
    ],
    allow_failed_imports=False,
)
"""
CODE = """
import json, sys
if {hide}:
    sys.meta_path = [f for f in sys.meta_path if 'editable' not in repr(f)]
    sys.path = [p for p in sys.path if not p.startswith({other!r})]
from mmengine.config import Config
Config.fromfile('config.py')
from mmpose.registry import METRICS, MODELS
import projects.self_verify_pose.models.pose_estimators.selfverify_topdown as a
import self_verify_pose.models.pose_estimators.selfverify_topdown as b
import projects.self_verify_pose, self_verify_pose
twice = [n for n in sys.modules if n.startswith('projects.self_verify_pose.')
         and n != 'projects.self_verify_pose.alias'
         and sys.modules[n] is not sys.modules[n[len('projects.'):]]]
print(json.dumps([
    a is b, projects.self_verify_pose is self_verify_pose, twice,
    MODELS.get('SelfVerifyTopdown') is a.SelfVerifyTopdown,
    METRICS.get('JointTrustMetric').__module__,
    self_verify_pose.__file__,
]))
"""


def test_its_modules_are_those_of_the_package(tmp_path, monkeypatch):
    (tmp_path / 'projects').mkdir()
    (tmp_path / 'projects' / 'self_verify_pose').symlink_to(ROOT)
    monkeypatch.setattr(sys, 'meta_path', list(sys.meta_path))
    monkeypatch.syspath_prepend(tmp_path)
    other = importlib.import_module('projects.self_verify_pose.metrics')
    assert other is importlib.import_module('self_verify_pose.metrics')
    package = sys.modules['projects.self_verify_pose']
    assert package is self_verify_pose
    for name in [name for name in sys.modules if name.startswith('projects')]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.slow
@pytest.mark.parametrize('installed', [True, False])
@pytest.mark.parametrize(
    'more', ['', "'self_verify_pose.engine.registration'"]
)
def test_classes_are_registered_once(installed, more, tmp_path):
    (tmp_path / 'projects').mkdir()
    (tmp_path / 'projects' / 'self_verify_pose').symlink_to(ROOT)
    (tmp_path / 'config.py').write_text(CONFIG.replace('{more}', more))
    given = os.environ.get('PYTHONPATH', '')
    code = CODE.format(hide=not installed, other=given or '/nowhere')
    path = os.pathsep.join(filter(None, (str(tmp_path), given)))
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': path},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    same, one, twice, registered, metric, file = json.loads(
        done.stdout.splitlines()[-1]
    )
    assert (same, one, twice, registered) == (True, True, [], True)
    assert metric == 'self_verify_pose.metrics.joint_trust_metric'
    assert Path(file).samefile(ROOT / '__init__.py')


def test_a_package_of_another_folder_is_named(tmp_path, monkeypatch):
    from self_verify_pose import alias

    monkeypatch.setattr(alias, '_ROOT', tmp_path)
    monkeypatch.setattr(sys, 'meta_path', list(sys.meta_path))
    monkeypatch.setitem(sys.modules, 'elsewhere.self_verify_pose', None)
    with pytest.warns(
        UserWarning, match=f'expected the package of {tmp_path}'
    ):
        alias.add_alias('elsewhere.self_verify_pose')
