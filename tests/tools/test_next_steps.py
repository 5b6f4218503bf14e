import os

import pytest
from helpers import ROOT, load_tool
from script_runs import Stubbed

TOOL = load_tool('next_steps')


@pytest.mark.parametrize(
    ('variables', 'language'),
    [
        ({}, 'en'),
        ({'LANG': 'C.UTF-8'}, 'en'),
        ({'LANG': 'zh_CN.UTF-8'}, 'zh'),
        ({'LANG': 'en_US.UTF-8', 'LC_ALL': 'zh_TW'}, 'zh'),
        ({'LANG': 'zh_CN.UTF-8', 'LC_MESSAGES': 'de_DE', 'LC_ALL': ''}, 'en'),
    ],
)
def test_the_locale_gives_the_language(variables, language):
    assert TOOL.language_of(variables) == language


def test_both_languages_have_the_same_texts():
    keys = {frozenset(texts) for texts in TOOL.TEXTS.values()}
    assert len(keys) == 1


@pytest.mark.parametrize(
    ('language', 'guide', 'text'),
    [
        ('zh_CN.UTF-8', 'metrics_guide_zh-CN.md', '接下来可以看'),
        ('en_US.UTF-8', 'metrics_guide.md', 'What to look at next'),
    ],
)
def test_files_and_commands_are_named(
    language, guide, text, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LC_ALL', language)
    (tmp_path / 'work' / 'pictures').mkdir(parents=True)
    assert TOOL.main([str(tmp_path / 'work')]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f'== {text}\n')
    assert f'  {os.path.join("work", "pictures")}  ' in printed
    assert f'{ROOT / "docs" / guide}  ' in printed
    assert 'curves.png' not in printed  # the run has none
    command = f'bash {ROOT}/run_test_selfverify.sh work --dump preds.pkl'
    assert command in printed
    assert f'{ROOT}/tools/eval_trust.py preds.pkl --out report' in printed


@pytest.mark.parametrize(
    ('script', 'arguments'),
    [
        ('run_train_selfverify.sh', ()),
        ('run_offline_cached_trusthead.sh', ('pose.pth',)),
    ],
)
def test_training_scripts_end_with_them(script, arguments, tmp_path):
    stubbed = Stubbed(tmp_path)
    (stubbed.root / 'pose.pth').touch()
    code, _, errors = stubbed.run(script, *arguments, SYNTHETIC='1')
    assert code == 0, errors
    assert stubbed.ran()[-1].startswith('next_steps.py ')
