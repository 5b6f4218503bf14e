"""Suppression of the messages of other libraries."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from mmengine.logging import MMLogger


@contextmanager
def silence() -> Iterator[None]:
    """Suppress messages, warnings and standard output; errors still show.

    Building a network logs every weight, and reading a data set prints.

    Yields:
        Nothing; all is as before when the context ends.
    """
    # MMLogger caches its levels: logging.disable alone would not reach it
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
