import argparse

import pytest

from self_verify_pose.tools.command_line import add_evaluation_options


@pytest.fixture
def parser():
    parser = argparse.ArgumentParser()
    add_evaluation_options(parser)
    return parser


def test_valid_options_are_parsed(parser):
    args = parser.parse_args(
        ['--batch-size', '1', '--workers', '0', '--device', 'cpu']
    )
    assert (args.batch_size, args.workers, args.device) == (1, 0, 'cpu')
    assert args.max_samples is None


@pytest.mark.parametrize(
    ('option', 'value', 'expected'),
    [
        ('--batch-size', '0', 'an integer of at least 1'),
        ('--batch-size', '2.5', 'an integer of at least 1'),
        ('--max-samples', '-3', 'an integer of at least 1'),
        ('--workers', 'many', 'an integer of at least 0'),
        ('--device', 'toaster', 'a device such as cpu'),
        ('--device', 'cuda:99', 'a device such as cpu'),
    ],
)
def test_invalid_options_are_rejected(parser, option, value, expected, capsys):
    with pytest.raises(SystemExit):
        parser.parse_args([f'{option}={value}'])
    message = capsys.readouterr().err
    assert option in message
    assert f'expected {expected}' in message
    assert f'found {value}' in message
