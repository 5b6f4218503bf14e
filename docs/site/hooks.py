"""Hooks of MkDocs: pages that stand outside docs/, API pages, links.

A link from one page to another one stays a link; one to another file of the
repository, which the site does not hold, becomes plain text.
"""

import html
import json
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

SITE = Path(__file__).resolve().parent
ROOT = SITE.parents[1]
# pages of the site by their file in the repository
OUTSIDE = {
    'README.md': 'index.md',
    'README_zh-CN.md': 'index_zh-CN.md',
    'CONTRIBUTING.md': 'contributing.md',
    'CHANGELOG.md': 'changelog.md',
}
EXAMPLES = 'demo/examples'
TUTORIAL = 'demo/tutorial.ipynb'
# modules or folders of modules by their page
API = {
    'apis': ['apis.py'],
    'options': ['models/options.py'],
    'distributions': ['models/distributions'],
    'geometry': ['models/geometry'],
    'augmentations': ['models/augmentations'],
    'trust_targets': ['models/trust_targets'],
    'heads': ['models/heads'],
    'losses': ['models/losses'],
    'pose_estimators': ['models/pose_estimators'],
    'kinematics': ['models/kinematics'],
    'teachers': ['models/teachers'],
    'metrics': ['metrics/joint_trust_metric.py', 'metrics/functional'],
    'evaluation': [
        'metrics/evaluation',
        'metrics/evaluation/io',
        'metrics/evaluation/statistics',
        'metrics/evaluation/report',
    ],
    'posthoc': ['engine/posthoc'],
    'decisions': ['engine/decisions'],
    'hooks': ['engine/hooks'],
}
# code with a bar in a table, which Markdown of Python shows with its backslash
BAR = re.compile(r'`([^`\n]*\\\|[^`\n]*)`')
LINK = re.compile(r'(!?)\[([^]]*(?:\[[^]]*\])?[^]]*)\]\(([^)\s]+)\)')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not below docs/."""
    for source, page in OUTSIDE.items():
        text = (ROOT / source).read_text(encoding='utf-8')
        files.append(File.generated(config, page, content=text))
    for name, sources in API.items():
        text = api_page(name, sources)
        files.append(File.generated(config, f'api/{name}.md', content=text))
    for page, text in (
        ('examples.md', example_page()),
        ('tutorial.md', tutorial_page()),
    ):
        files.append(File.generated(config, page, content=text))
    style = File('site.css', str(SITE), config.site_dir, False)
    files.append(style)
    lines = [f'- [{name}]({name}.md)' for name in API]
    text = '\n'.join(['# API', '', 'From the docstrings.', '', *lines, ''])
    files.append(File.generated(config, 'api/index.md', content=text))
    return files


def api_page(name: str, sources: list[str]) -> str:
    """Return a page that documents the modules of some files."""
    parts = [f'# {name}\n']
    for source in sources:
        path = ROOT / source
        for module in [path] if path.is_file() else sorted(path.glob('*.py')):
            if module.name != '__init__.py':
                names = module.relative_to(ROOT).with_suffix('').parts
                parts.append(f'::: self_verify_pose.{".".join(names)}\n')
    return '\n'.join(parts)


def example_page() -> str:
    """Return a page that shows the examples."""
    parts = ['# Examples', '', f'From `{EXAMPLES}` of the repository.', '']
    for path in sorted((ROOT / EXAMPLES).glob('*.py')):
        text = path.read_text(encoding='utf-8')
        title = text.split('"""', 2)[1].splitlines()[0].rstrip('.')
        parts += [f'## {title}', '', '```python', text.rstrip(), '```', '']
    return '\n'.join(parts)


def tutorial_page() -> str:
    """Return a page that shows the text and the code of the notebook."""
    notebook = json.loads((ROOT / TUTORIAL).read_text(encoding='utf-8'))
    parts = []
    for cell in notebook['cells']:
        text = ''.join(cell['source']).rstrip()
        if cell['cell_type'] == 'code':
            text = f'```python\n{text}\n```'
        parts.append(text)
    parts.append(
        f'This is `{TUTORIAL}` of the repository, whose tests run it; '
        'it draws its figures when it is run.\n'
    )
    return '\n\n'.join(parts)


def on_page_markdown(
    markdown: str, page: Page, config: MkDocsConfig, files: Files
) -> str:
    """Adapt the links of a page to the site."""
    here = page.file.src_uri
    original = {site: source for source, site in OUTSIDE.items()}
    original['tutorial.md'] = TUTORIAL
    folder = posixpath.dirname(original.get(here, f'docs/{here}'))
    if here.startswith('api/'):
        return markdown

    def adapt(match: re.Match[str]) -> str:
        mark, text, link = match.groups()
        name, hash_sign, anchor = link.partition('#')
        if not name or ':' in link:
            return match[0]
        path = posixpath.normpath(posixpath.join(folder, name))
        target = OUTSIDE.get(path, path.removeprefix('docs/'))
        shown = {EXAMPLES: 'examples.md', TUTORIAL: 'tutorial.md'}
        target = shown.get(path, target)
        file = files.get_file_from_path(target)
        if file is None or file.inclusion.is_excluded():
            return text
        target = posixpath.relpath(target, posixpath.dirname(here) or '.')
        return f'{mark}[{text}]({target}{hash_sign}{anchor})'

    def show_bar(match: re.Match[str]) -> str:
        code = html.escape(match[1]).replace(r'\|', '&#124;')
        return f'<code>{code}</code>'

    return LINK.sub(adapt, BAR.sub(show_bar, markdown))
