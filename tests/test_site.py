"""The site of the documents builds without a warning."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec

import pytest
from helpers import ROOT


@pytest.mark.skipif(
    find_spec('mkdocs') is None or find_spec('mkdocstrings_handlers') is None,
    reason="no mkdocs here: pip install 'self-verify-pose[docs]'",
)
def test_the_site_builds_without_a_warning(tmp_path):
    # as a process, since MkDocs counts warnings by its global loggers
    mkdocs = [sys.executable, '-m', 'mkdocs', 'build', '--strict']
    config = ROOT / 'docs' / 'site' / 'mkdocs.yml'
    done = subprocess.run(
        [*mkdocs, '-f', str(config), '-d', str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, 'NO_MKDOCS_2_WARNING': '1'},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for page in ('index', 'index_zh-CN', 'contributing', 'api/heads'):
        assert (tmp_path / f'{page}.html').is_file()
    # a link out of docs/ leads to a page of the site
    training = (tmp_path / 'training.html').read_text('utf-8')
    assert 'href="index.html#trust-for-a-trained-mmpose-model"' in training
    assert 'README.md' not in training.split('<article', 1)[1]
    evaluation = (tmp_path / 'evaluation.html').read_text('utf-8')
    assert '<code>--criterion bbox&#124;oks</code>' in evaluation
    # docstrings are read, and their roles are code
    heads = (tmp_path / 'api/heads.html').read_text('utf-8')
    assert 'FreeScoreAnchor' in heads
    assert ':class:' not in heads
    # the description of a tuple is one text
    evaluation = (tmp_path / 'api/evaluation.html').read_text('utf-8')
    assert 'tuple[Positions, Positions, str]' in re.sub(
        '<[^>]+>', '', evaluation
    )
