import argparse

import pytest

from self_verify_pose.tools.command_line import (
    add_data_options,
    add_evaluation_options,
    make_main,
    make_parser,
    parse_with_data,
    run_tool,
)


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


@pytest.mark.parametrize('prefix', ['', 'report-'])
def test_images_need_annotations(prefix, capsys):
    parser = make_parser('What it does.')
    add_data_options(parser, prefix)
    images = f'--{prefix}images'
    args = parse_with_data(
        parser, [images, 'a', f'--{prefix}ann', 'b.json'], [prefix]
    )
    assert set(map(str, vars(args).values())) == {'val', 'a', 'b.json'}
    with pytest.raises(SystemExit):
        parse_with_data(parser, [images, 'a'], [prefix])
    message = f'{images}: expected --{prefix}ann with it, found none'
    assert message in capsys.readouterr().err


def test_the_choice_of_persons_can_be_required():
    parser = make_parser('What it does.')
    add_data_options(parser, required=True)
    assert parse_with_data(parser, ['--split', 'val']).split == 'val'
    for wrong in ([], ['--split', 'val', '--ann', 'b.json']):
        with pytest.raises(SystemExit):
            parse_with_data(parser, wrong)


def test_wrong_input_is_one_line_and_code_two(capsys):
    def fail():
        raise ValueError('expected this, found that')

    assert run_tool('somewhere/tool.py', fail) == 2
    error = capsys.readouterr().err
    assert error == 'tool.py: expected this, found that\n'
    assert run_tool('somewhere/tool.py', lambda: None) == 0


def test_a_tool_ends_with_the_exit_code_of_its_work(capsys):
    def parse(argv):
        return argparse.Namespace(code=argv[0])

    def run(args):
        return int(args.code) if args.code else None

    main = make_main('somewhere/tool.py', parse, run)
    assert [main([code]) for code in ('1', '', 'x')] == [1, 0, 2]
    assert capsys.readouterr().err.startswith('tool.py: invalid literal')
