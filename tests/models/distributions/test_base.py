import pytest

from self_verify_pose.models.distributions.base import (
    READERS,
    DistributionReader,
    register_reader,
)
from self_verify_pose.models.distributions.simcc import SimCCReader


class WithoutParts(DistributionReader):
    families = 'none'

    def read(self, output, sizes):
        return None


def test_a_reader_becomes_known(monkeypatch):
    monkeypatch.setattr(
        'self_verify_pose.models.distributions.base.READERS', found := []
    )

    class Mine(SimCCReader):
        pass

    assert register_reader(Mine) is Mine
    assert found == [Mine]


@pytest.mark.parametrize(
    ('kind', 'message'),
    [
        (3, 'DistributionReader, found 3; decorate'),
        (dict, 'found <class .dict.>; decorate'),
        (
            WithoutParts,
            'found WithoutParts without distribution, from_head, '
            'read_targets, target_fields; add it',
        ),
    ],
)
def test_what_is_no_reader_is_refused(kind, message):
    before = list(READERS)
    with pytest.raises(TypeError, match=f'register_reader: .*{message}'):
        register_reader(kind)
    assert before == READERS
