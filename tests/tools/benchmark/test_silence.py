import logging
import sys
import warnings

import pytest
from mmengine.logging import MMLogger

from self_verify_pose.tools.benchmark.silence import silence


def test_messages_are_suppressed_and_errors_are_not(capsys):
    logger = MMLogger.get_current_instance()
    logger.info('before')  # levels are cached from here on
    capsys.readouterr()
    with silence():
        print('printed')
        warnings.warn('warned', stacklevel=1)
        logger.info('logged')
        logger.error('failed')
        print('progress', file=sys.stderr)
    captured = capsys.readouterr()
    assert captured.out == ''
    for word in ('warned', 'logged'):
        assert word not in captured.err
    assert 'progress' in captured.err


def test_all_is_as_before_afterwards():
    logger = MMLogger.get_current_instance()
    before = logging.root.manager.disable, logger.level
    with pytest.raises(ValueError, match='inside'), silence():
        raise ValueError('inside')
    assert (logging.root.manager.disable, logger.level) == before
