"""Reading of config files."""

from pathlib import Path

from mmengine.config import Config


def load_config(path: str | Path) -> Config:
    """Read a config of any kind.

    Args:
        path: Its file.

    Returns:
        The config.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be read.
    """
    try:
        return Config.fromfile(path)
    except (NameError, SyntaxError) as error:
        raise ValueError(
            f'config: expected a config, found {path}, which cannot be read '
            f'({error}); correct it'
        ) from None
