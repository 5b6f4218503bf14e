"""Say nothing but what was measured."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from mmengine.logging import MMLogger


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the words of other libraries back; errors are still shown.

    Building a network logs every weight, reading a data set prints.
    """
    logger = MMLogger.get_current_instance()
    disabled, level = logging.root.manager.disable, logger.level
    logger.setLevel(logging.ERROR)
    logging.disable(logging.INFO)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter('ignore')
            yield
    finally:
        logger.setLevel(level)
        logging.disable(disabled)
