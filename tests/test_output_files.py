import errno
import json
import os
import signal
import subprocess
import sys

import pytest

from self_verify_pose.output_files import (
    OutputError,
    check_output_file,
    check_output_folder,
    locked,
    replacing,
    replacing_together,
    reserved,
    write_json,
    write_text,
)


def test_a_finished_file_replaces_the_old_one(tmp_path):
    path, scratch = tmp_path / 'file', tmp_path / 'scratch'
    scratch.mkdir()
    path.write_bytes(b'old')
    with replacing(path, scratch) as file:
        file.write(b'new')
        assert path.read_bytes() == b'old'
        assert len(os.listdir(scratch)) == 1
    assert path.read_bytes() == b'new'
    assert not os.listdir(scratch)


def test_an_error_in_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / 'file'
    path.write_bytes(b'old')
    with pytest.raises(RuntimeError), replacing(path) as file:
        file.write(b'half')
        raise RuntimeError
    assert path.read_bytes() == b'old'
    assert os.listdir(path.parent) == [path.name]


def test_texts_and_values_are_written(tmp_path):
    write_text(tmp_path / 'a.txt', 'μ\n')
    assert (tmp_path / 'a.txt').read_text(encoding='utf-8') == 'μ\n'
    write_json(tmp_path / 'a.json', {'x': [1.5, None], 'p': tmp_path})
    content = json.loads((tmp_path / 'a.json').read_text())
    assert content == {'x': [1.5, None], 'p': str(tmp_path)}
    with pytest.raises(ValueError, match='JSON'):
        write_json(tmp_path / 'a.json', float('nan'))
    assert json.loads((tmp_path / 'a.json').read_text()) == content


def set_of(folder, value, stop=None):
    """Write a summary and two files, with an error before the last one."""
    with replacing_together(folder, ['summary.txt']) as new:
        (new / 'summary.txt').write_text(value)
        (new / 'a.txt').write_text(value)
        if stop:
            raise stop
        (new / 'parts').mkdir()
        (new / 'parts' / 'b.txt').write_text(value)


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob('*')
        if path.is_file()
    }


def whole(value):
    return dict.fromkeys(['summary.txt', 'a.txt', 'parts/b.txt'], value)


def test_files_that_belong_together_are_replaced_together(tmp_path):
    set_of(tmp_path, '1')
    assert contents(tmp_path) == whole('1')
    (tmp_path / 'own.txt').write_text('of the user')
    set_of(tmp_path, '2')
    assert contents(tmp_path) == {**whole('2'), 'own.txt': 'of the user'}


@pytest.mark.parametrize(
    'error', [RuntimeError(), OSError(errno.ENOSPC, 'full')]
)
def test_an_error_keeps_the_old_files(tmp_path, error):
    set_of(tmp_path, '1')
    with pytest.raises(type(error)):
        set_of(tmp_path, '2', stop=error)
    assert contents(tmp_path) == whole('1')


def test_a_kill_between_two_moves_leaves_no_mixed_state(tmp_path, monkeypatch):
    """After each move the summary is missing, or that of all files."""
    set_of(tmp_path, '1')
    states, move = [], os.replace

    def replace(*paths):
        move(*paths)
        found = contents(tmp_path)
        states.append(
            {k: v for k, v in found.items() if not k.startswith('.')}
        )

    monkeypatch.setattr('self_verify_pose.output_files.os.replace', replace)
    set_of(tmp_path, '2')
    assert len(states) == 3
    assert all('summary.txt' not in state for state in states[:-1])
    assert states[-1] == whole('2')


def test_files_of_a_killed_process_are_removed(tmp_path):
    abandoned = tmp_path / '.new-abandoned'
    abandoned.mkdir()
    (abandoned / 'a.txt').write_text('half')
    with replacing_together(tmp_path, []) as used:
        assert not abandoned.exists()
        set_of(tmp_path, '1')
        assert used.exists()


def test_a_full_disk_is_one_sentence(tiny_disk):
    path = tiny_disk / 'file'
    with pytest.raises(OutputError, match='No space left') as raised:
        write_text(path, 'x' * 300_000)
    assert raised.value.errno == errno.ENOSPC
    assert str(raised.value) == (
        f'{path}: expected to write it, found: No space left on device; free '
        'space or give another folder'
    )
    assert not os.listdir(tiny_disk)


def test_a_limit_of_file_sizes_is_one_sentence(tmp_path):
    code = (
        'import resource, sys; '
        'resource.setrlimit(resource.RLIMIT_FSIZE, (999, 999)); '
        'from self_verify_pose.output_files import write_text\n'
        'try: write_text(sys.argv[1], "x" * 9999)\n'
        'except OSError as error: print(error)'
    )
    path = tmp_path / 'file'
    done = subprocess.run(
        [sys.executable, '-c', code, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == (
        f'{path}: expected to write it, found: File too large; raise the '
        'limit of file sizes or give another disk'
    )
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize('number', [errno.EROFS, errno.EACCES])
def test_a_folder_that_is_read_only_is_found_before(
    tmp_path, monkeypatch, number
):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr('tempfile.TemporaryFile', refuse)
    with pytest.raises(OutputError, match='expected a folder to write to'):
        check_output_file(tmp_path / 'file')


def test_a_file_in_place_of_a_folder_is_found_before(tmp_path):
    (tmp_path / 'file').touch()
    for folder in (tmp_path / 'file', tmp_path / 'file' / 'a' / 'b'):
        with pytest.raises(OutputError, match=f'found the file {tmp_path}'):
            check_output_folder(folder)
    with pytest.raises(OutputError, match='expected the name of a file'):
        check_output_file(tmp_path)
    check_output_file(tmp_path / 'new' / 'file')
    assert os.listdir(tmp_path) == ['file']
    with replacing(tmp_path / 'new' / 'file') as file:
        file.write(b'content')
    assert (tmp_path / 'new' / 'file').read_bytes() == b'content'


def test_a_long_job_publishes_into_the_folder_that_it_holds(tmp_path):
    folder = tmp_path / 'new'
    with reserved(folder):
        with (
            pytest.raises(OutputError, match=f'{folder}: .* found it in use'),
            reserved(folder),
        ):
            pass
        with replacing_together(folder, ['report']) as fresh:
            (fresh / 'report').write_text('figures')
    with reserved(folder):
        assert {p.name for p in folder.iterdir()} == {'.lock', 'report'}


def test_a_folder_is_locked_until_its_process_ends(tmp_path):
    code = (
        'import sys, time, pathlib; '
        'from self_verify_pose.output_files import locked\n'
        'with locked(pathlib.Path(sys.argv[1])): '
        'print(flush=True); time.sleep(60)'
    )
    with subprocess.Popen(
        [sys.executable, '-c', code, str(tmp_path)], stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        with (
            pytest.raises(OutputError, match='found it in use'),
            locked(tmp_path),
        ):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    with locked(tmp_path):
        pass
