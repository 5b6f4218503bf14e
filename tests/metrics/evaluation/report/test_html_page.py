import json
import re
import shutil

import pytest
from evaluation_inputs import make_joints
from report_notes import all_notes

from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    evaluate_predictions,
)
from self_verify_pose.metrics.evaluation.report.html_page import format_page
from self_verify_pose.metrics.evaluation.report.page_data import page_data
from self_verify_pose.metrics.evaluation.report.write import as_json

EVIL = '</script><script>window.evil=1</script>{{ data }}'
CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')
DRIVER = shutil.which('chromedriver')
TAB, ENTER, RIGHT = '\ue004', '\ue007', '\ue014'


def make_page(joints):
    report = evaluate_predictions(joints, EvalConfig(n_bootstrap=5))
    content, shown = {EVIL: as_json(report)}, {EVIL: page_data(report)}
    return format_page(content, shown), content, shown


def test_page_holds_the_values_of_the_json_and_escapes_texts():
    page, content, shown = make_page(make_joints())
    assert EVIL not in page
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert json.loads(found[1]) == {'reports': content, 'shown': shown}
    assert not re.search(r'(src|href)="http', page.split('id="data"')[0])
    assert '{{' not in page.replace(found[1], '')


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    webdriver = pytest.importorskip('selenium.webdriver')
    if not (CHROMIUM and DRIVER):
        pytest.skip('needs chromium and chromium-driver')
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (
        'headless=new', 'no-sandbox', 'disable-gpu', 'disable-quic',
        'no-first-run', 'disable-background-networking',
        'disable-component-update', 'disable-sync',
        f'user-data-dir={tmp_path_factory.mktemp("profile")}',
    ):  # fmt: skip
        options.add_argument(f'--{flag}')
    options.add_argument('about:blank')  # not the page of new tabs
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(30)
    yield driver
    driver.quit()


def open_page(browser, path, width):
    """Open a page; return the seconds until its gallery is drawn."""
    # a window is no narrower than 500 pixels, a device may be
    browser.execute_cdp_cmd(
        'Emulation.setDeviceMetricsOverride',
        {'width': width, 'height': 800, 'deviceScaleFactor': 1,
         'mobile': False},
    )  # fmt: skip
    browser.get(path.as_uri())
    return drawn(browser)


def drawn(browser):
    """Wait until everything is drawn; return the time since the opening."""
    milliseconds = browser.execute_async_script(
        'const done = arguments[0], ask = () => {'
        " const marks = performance.getEntriesByName('drawn');"
        ' if (marks.length) done(marks.at(-1).startTime);'
        ' else setTimeout(ask, 20); }; requestAnimationFrame(ask)'
    )
    return milliseconds / 1000


@pytest.fixture
def opened(browser, tmp_path):
    """Open a page of a few persons on a narrow screen."""
    page, content, shown = make_page(make_joints())
    path = tmp_path / 'report.html'
    path.write_text(page, 'utf-8')
    open_page(browser, path, 390)
    return browser, content[EVIL], shown[EVIL]


def test_the_page_answers_in_a_browser(opened):
    browser, content, shown = opened

    def text(name):
        drawn(browser)  # the next frame
        return browser.execute_script(
            f"return document.getElementById('{name}').textContent"
        )

    def focused():
        return browser.switch_to.active_element

    # numbers of report.json
    wrong = content['error_rate']['value']
    assert text('kept') == '100.0 %'
    assert text('wrong') == f'{100 * wrong:.1f} %'
    auroc = content['scores']['keypoint_trust']['AUROC']['value']
    assert f'AUROC {auroc:.3f}' in text('summary')

    # the slider
    browser.find_element('id', 'threshold').send_keys(RIGHT * 8)
    table = shown['thresholds']['keypoint_trust']
    kept, bad = sum(table['kept'][8]), sum(table['wrong'][8])
    assert text('value') == f'{table["values"][8]:.3f}' == '0.080'
    assert text('kept') == f'{100 * kept / sum(table["kept"][0]):.1f} %'
    assert text('wrong') == f'{100 * bad / kept:.1f} %'

    # persons by keyboard alone
    browser.execute_script("document.getElementById('size').focus()")
    focused().send_keys(TAB)
    first = focused()
    assert first.tag_name == 'summary'
    first.send_keys(ENTER)
    person = max(shown['persons'], key=lambda one: one['brier'])
    row = browser.execute_script(
        "return document.querySelector('figure table').rows[1].innerText"
    ).split('\t')
    assert row[0] == shown['names'][person['joint'][0]]
    assert row[1] == f'{person["scores"]["keypoint_trust"][0]:.3f}'
    assert browser.execute_script(
        'return getComputedStyle(arguments[0].closest("figure"))'
        '.outlineStyle', first
    ) == 'solid'  # fmt: skip
    first.send_keys(RIGHT)
    assert focused() != first
    assert focused().tag_name == 'summary'

    # filters and language
    before = text('count')
    browser.execute_script(
        "const s = document.getElementById('joint'); s.value = '3';"
        "s.dispatchEvent(new Event('change'))"
    )
    assert text('count') != before
    browser.find_element('id', 'language').click()
    assert '可信度' in browser.title
    assert '左耳' in browser.find_element('id', 'joint').text

    assert browser.execute_script(
        'return document.documentElement.scrollWidth <= innerWidth'
    )
    assert not browser.execute_script('return window.evil')
    errors = [e for e in browser.get_log('browser') if e['level'] == 'SEVERE']
    assert not errors


def test_all_notes_are_translated(opened, tmp_path):
    browser, *_ = opened
    notes = all_notes(tmp_path)
    assert len(notes) >= 22
    found = browser.execute_script(
        "language = 'zh'; return arguments[0].map(translated)", notes
    )
    for note, chinese in zip(notes, found, strict=True):
        print(chinese)
        words = re.sub(
            r"'[^']*'|\([^)]*\)|--\S+( \S+=\S+)?|\b[A-Z]\w*|\S+_\S+",
            '',
            chinese,
        )
        assert re.search('[一-鿿]', chinese), note
        left = set(re.findall('[a-z]{2,}', words))
        assert left <= {'id', 'logits', 'int', 'str', 'null'}, chinese


@pytest.mark.slow
def test_ten_thousand_persons_open_in_three_seconds(browser, tmp_path):
    page, _, shown = make_page(make_joints(persons=10_000))
    path = tmp_path / 'report.html'
    path.write_text(page, 'utf-8')
    size = path.stat().st_size / 1e6
    seconds = [open_page(browser, path, 1280) for _ in range(3)]
    print(
        f'{size:.1f} MB, {len(shown[EVIL]["persons"])} persons; until the '
        f'gallery was drawn: {seconds[0]:.1f} s at first, then '
        f'{", ".join(f"{one:.1f} s" for one in seconds[1:])}'
    )
    assert size < 15
    assert min(seconds) < 3
