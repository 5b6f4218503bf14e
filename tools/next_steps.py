"""Name what to look at after a run, in the language of the locale.

python tools/next_steps.py WORK_DIR
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from self_verify_pose.tools.command_line import make_parser

_ROOT = Path(__file__).resolve().parents[1]
# by the start of the locale's name
TEXTS = {
    'en': {
        'title': 'What to look at next',
        'pictures': 'persons with the best, the typical and the worst trust',
        'curves': 'losses and validations by epoch',
        'page': 'The report as a page, report/report.html:',
        'guide': 'what each figure means',
    },
    'zh': {
        'title': '接下来可以看',
        'pictures': '可信度最好、典型和最差的人',
        'curves': '各轮的损失和验证指标',
        'page': '网页形式的完整报告 report/report.html：',
        'guide': '每个指标的含义',
    },
}
_GUIDES = {'en': 'metrics_guide.md', 'zh': 'metrics_guide_zh-CN.md'}


def language_of(environment: Mapping[str, str]) -> str:
    """Read the language of messages from the locale.

    Args:
        environment: Environment variables; of ``LC_ALL``, ``LC_MESSAGES`` and
            ``LANG`` the first that is set counts.

    Returns:
        A key of ``TEXTS``, English for all other languages.

    Example:
        >>> language_of({'LANG': 'zh_CN.UTF-8'})
        'zh'
    """
    names = ('LC_ALL', 'LC_MESSAGES', 'LANG')
    locale = next(filter(None, map(environment.get, names)), '')
    return locale[:2] if locale[:2] in TEXTS else 'en'


def next_steps(work_dir: Path, language: str) -> list[str]:
    """List the files of a run and the command that reports all of it.

    Args:
        work_dir: Work directory of a training.
        language: A key of ``TEXTS``.

    Returns:
        Lines to print; files that are not there are left out.
    """
    texts = TEXTS[language]
    files = {
        work_dir / 'pictures': texts['pictures'],
        work_dir / 'curves.png': texts['curves'],
        _ROOT / 'docs' / _GUIDES[language]: texts['guide'],
    }
    shown = [
        f'  {_short(path)}  {text}'
        for path, text in files.items()
        if path.exists()
    ]
    script, tool = (
        _short(_ROOT / name)
        for name in ('run_test_selfverify.sh', 'tools/eval_trust.py')
    )
    return [
        f'== {texts["title"]}',
        *shown,
        texts['page'],
        f'  bash {script} {_short(work_dir)} --dump preds.pkl',
        f'  {_short(Path(sys.executable))} {tool} preds.pkl --out report '
        '--html',
    ]


def _short(path: Path) -> str:
    """Path from the working directory, where it lies below."""
    folder = Path.cwd()
    below = path.is_relative_to(folder)
    return str(path.relative_to(folder) if below else path)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool.

    Args:
        argv: Arguments; those of the process by default.

    Returns:
        0.
    """
    parser = make_parser(__doc__)
    parser.add_argument('work_dir', type=Path, metavar='WORK_DIR')
    args = parser.parse_args(argv)
    print('\n'.join(next_steps(args.work_dir, language_of(os.environ))))
    return 0


if __name__ == '__main__':
    sys.exit(main())
