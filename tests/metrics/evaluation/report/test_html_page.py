import base64
import io
import json
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from evaluation_inputs import make_joints
from PIL import Image

from self_verify_pose.metrics.evaluation.report import html_page
from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    evaluate_predictions,
)
from self_verify_pose.metrics.evaluation.report.gallery import page_data
from self_verify_pose.metrics.evaluation.report.gallery_images import (
    ImageFolder,
)
from self_verify_pose.metrics.evaluation.report.html_page import (
    check_page_needs,
    format_page,
)
from self_verify_pose.metrics.evaluation.report.write import as_json

EVIL = '</script><script>window.evil=1</script>{{ data }}'
CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')
DRIVER = shutil.which('chromedriver')


def make_page(joints):
    pytest.importorskip('plotly')
    report = evaluate_predictions(joints, EvalConfig(n_bootstrap=5))
    content, shown = {EVIL: as_json(report)}, {EVIL: page_data(report)}
    return format_page(content, shown), content, shown


def test_page_holds_the_values_of_the_json_and_escapes_texts():
    page, content, shown = make_page(make_joints())
    assert EVIL not in page
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert json.loads(found[1]) == {'reports': content, 'shown': shown}
    assert not re.search(r'(src|href)="http', page.split('id="data"')[0])


def test_joints_and_reliability_are_those_of_the_report():
    report = evaluate_predictions(make_joints(), EvalConfig(n_bootstrap=0))
    data = page_data(report)
    assert np.mean(data['joints']['wrong']) == pytest.approx(
        report.evaluation.error_rate.value
    )
    for name, bins in data['reliability'].items():
        counts = np.array(bins['count'])
        gaps = np.abs(np.subtract(bins['score'], bins['correct']))
        ece = (counts * gaps).sum() / counts.sum()
        assert ece == pytest.approx(
            report.evaluation.scorers[name]['ECE'].value
        )


def test_one_person_133_joints_and_nan_without_label():
    one = make_joints(persons=1, shift=0.0)
    repeat = np.arange(133) % 17
    truth = replace(
        one.truth,
        keypoints=one.truth.keypoints[:, repeat],
        labeled=one.truth.labeled[:, repeat],
        occluded=None,
        joint_names=(),
    )
    scores = {n: s[:, repeat] for n, s in one.scores.items()}
    for score in scores.values():
        score[~truth.labeled] = np.nan
    many = replace(
        one,
        truth=truth,
        everyone=truth,
        keypoints=one.keypoints[:, repeat],
        scores=scores,
    )
    report = evaluate_predictions(many, EvalConfig(n_bootstrap=0))
    data = page_data(report)
    json.dumps(data, allow_nan=False)
    assert len(data['names']) == 133
    assert len(data['persons']) == 1


def test_without_plotly_one_sentence(monkeypatch):
    monkeypatch.setattr(html_page, 'find_spec', lambda name: None)
    with pytest.raises(ValueError, match='expected the package plotly'):
        check_page_needs()


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
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def show(browser, tmp_path, joints, width):
    page, content, shown = make_page(joints)
    path = tmp_path / 'report.html'
    path.write_text(page, 'utf-8')
    # a window is no narrower than 500 pixels, a device may be
    browser.execute_cdp_cmd(
        'Emulation.setDeviceMetricsOverride',
        {'width': width, 'height': 800, 'deviceScaleFactor': 1,
         'mobile': False},
    )  # fmt: skip
    browser.get(path.as_uri())
    return path, content[EVIL], shown[EVIL]


def test_the_page_answers_in_a_browser(browser, tmp_path):
    _, _, shown = show(browser, tmp_path, make_joints(), 390)

    def text(name):
        return browser.execute_script(
            f"return document.getElementById('{name}').textContent"
        )

    slider = browser.find_element('id', 'threshold')
    slider.send_keys('\ue014' * 8)  # the right arrow key
    limit = float(slider.get_attribute('value'))
    assert limit == pytest.approx(0.08)
    keep = np.array(shown['joints']['scores']['keypoint_trust']) >= limit
    wrong = np.array(shown['joints']['wrong'])
    assert text('kept') == f'{100 * keep.mean():.1f} %'
    assert text('wrong') == f'{100 * wrong[keep].mean():.1f} %'
    before = text('count')
    browser.execute_script(
        "const s = document.getElementById('joint'); s.value = '3';"
        "s.dispatchEvent(new Event('change'))"
    )
    assert text('count') != before
    browser.find_element('id', 'language').click()
    assert '可信度' in browser.title
    assert browser.execute_script(
        'return document.documentElement.scrollWidth <= innerWidth'
    )
    assert not browser.execute_script('return window.evil')
    errors = [e for e in browser.get_log('browser') if e['level'] == 'SEVERE']
    assert not errors


@pytest.mark.slow
def test_ten_thousand_persons_open_in_three_seconds(browser, tmp_path):
    path, _, shown = show(browser, tmp_path, make_joints(persons=10_000), 1280)
    size = path.stat().st_size / 1e6
    seconds = []
    for _ in range(3):  # the first one also warms up the browser
        browser.get(path.as_uri())
        seconds.append(
            browser.execute_script(
                'return performance.timing.loadEventEnd'
                ' - performance.timing.navigationStart'
            )
            / 1000
        )
    print(f'{size:.1f} MB, {seconds} s, {len(shown["persons"])} persons')
    assert size < 15
    assert min(seconds) < 3


def folder_of(report, tmp_path, color=(10, 200, 30)):
    images = [
        {'id': n, 'file_name': f'{n}.png', 'width': 500, 'height': 500}
        for n in np.unique(report.predictions.truth.image_ids).tolist()
    ]
    ann = tmp_path / 'ann.json'
    ann.write_text(json.dumps({'images': images, 'annotations': []}))
    for one in images:
        Image.new('RGB', (500, 500), color).save(tmp_path / one['file_name'])
    return ImageFolder.read(tmp_path, ann)


def test_persons_are_cut_out_of_their_images(tmp_path):
    report = evaluate_predictions(make_joints(), EvalConfig(n_bootstrap=0))
    images = folder_of(report, tmp_path)
    truth = report.predictions.truth
    by_id = {str(n): k for k, n in enumerate(truth.person_ids.tolist())}
    persons = page_data(report, images)['persons']
    assert persons
    for person in persons:
        picture, box = person['picture'], truth.boxes[by_id[person['id']]]
        margin = 0.15 * max(box[2:] - box[:2])
        assert picture['x'] == pytest.approx(box[0] - margin, abs=1)
        end = picture['y'] + picture['height']
        assert end == pytest.approx(box[3] + margin, abs=2)
        data = base64.b64decode(picture['source'].split(',')[1])
        shown = Image.open(io.BytesIO(data))
        assert shown.height <= 200
        middle = shown.getpixel((shown.width // 2, shown.height // 2))
        assert np.allclose(middle, (10, 200, 30), atol=12)


def test_a_missing_image_or_annotation_file_is_named(tmp_path):
    report = evaluate_predictions(make_joints(), EvalConfig(n_bootstrap=0))
    images = folder_of(report, tmp_path)
    name = next(iter(images.names.values()))
    (tmp_path / name).write_text('no image')
    with pytest.raises(ValueError, match=f'expected an image, found .*{name}'):
        page_data(report, images)
    with pytest.raises(ValueError, match='--images: expected --ann'):
        ImageFolder.read(tmp_path, None)
    with pytest.raises(FileNotFoundError, match='expected a folder'):
        ImageFolder.read(tmp_path / 'none', tmp_path / 'ann.json')
