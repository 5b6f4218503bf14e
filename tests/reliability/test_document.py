"""The page of reliability is that of the rows."""

import document
import pytest
from row import Row, check_message


def test_the_page_is_up_to_date():
    found = document.DOCUMENT.read_text(encoding='utf-8')
    assert found == document.render(), (
        'run python tests/reliability/document.py --write'
    )


def test_each_row_has_a_name_of_its_own_and_a_test():
    for module in document.modules():
        cases = [row.case for row in module.ROWS]
        assert len(set(cases)) == len(cases) > 0
        assert document.FOLDER.joinpath(f'test_{module.__name__}.py').is_file()


@pytest.mark.parametrize('text', ['a 1 b\nc', 'b 1 a', 'a 1', ''])
def test_a_message_lacks_words_or_has_two_lines(text):
    with pytest.raises(AssertionError):
        check_message(Row('', '', 'refused: a … b'), text)


def test_a_message_has_the_words_of_its_row():
    check_message(Row('', '', 'refused: a … b'), 'expected a 1 b\n')
    assert Row('', '', 'works').message is None
