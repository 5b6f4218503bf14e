// What the controls do.
function showAll() {
  document.documentElement.lang = language;
  document.title = words().title;
  for (const place of document.querySelectorAll('[data-word]')) {
    place.textContent = words()[place.dataset.word];
  }
  $('language').textContent = words().other;
  const {names, strata} = shown(), all = ['', words().all];
  const numbered = (list) => (list || []).map((n, k) => [k, named(n)]);
  options($('order'), [['brier', words().brier], ['gap', words().gap],
    ...numbered(strata.kind)]);
  options($('joint'), [all, ...numbered(names)]);
  options($('size'), [all, ...numbered(strata.size)]);
  nameScores();
  showSummary();
  showRisk();
  later(showReliability, () => showBars('joints', 'joint'),
    () => showBars('kinds', 'kind'), showGallery,
    () => performance.mark('drawn'));
}

// what is below the first screen, when there is time
let waiting = [];
function later(...jobs) {
  waiting.forEach(clearTimeout);
  waiting = jobs.map((job) => setTimeout(job));
}

function changeScore() {
  Object.assign($('threshold'), {min: 0, step: 1, value: 0,
    max: shown().thresholds[$('score').value].values.length - 1});
  start = 0;
  showAll();
}

function nameScores() {
  options($('score'), Object.keys(shown().thresholds).map((n) =>
    [n, named(n)]));
}

function changeFile() {
  nameScores();
  changeScore();
}

options($('file'), Object.keys(DATA.reports).map((name) => [name, name]));
$('file').addEventListener('change', changeFile);
$('score').addEventListener('change', changeScore);
let frame = 0; // one drawing for all moves of the slider until the next frame
$('threshold').addEventListener('input', () => {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(showRisk);
});
$('language').addEventListener('click', () => {
  language = language === 'en' ? 'zh' : 'en';
  showAll();
});
$('gallery').addEventListener('keydown', moveFocus);
for (const id of ['order', 'joint', 'size']) {
  $(id).addEventListener('change', () => { start = 0; showGallery(); });
}
for (const [id, step] of [['previous', -PER_PAGE], ['next', PER_PAGE]]) {
  $(id).addEventListener('click', () => { start += step; showGallery(); });
}
changeFile();
