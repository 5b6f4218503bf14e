import pytest
from prediction_files import write_all


@pytest.fixture
def files(tmp_path):
    """Return annotations, results and a dump of the same persons."""
    return write_all(tmp_path)
