'use strict';
const DATA = JSON.parse(document.getElementById('data').textContent);
const PER_PAGE = 8, CONFIG = {displayModeBar: false, responsive: true};
const BLUE = '#0072B2', ORANGE = '#D55E00';
const $ = (id) => document.getElementById(id);
let language = 'en', start = 0;
const words = () => WORDS[language];
const report = () => DATA.reports[$('file').value];
const shown = () => DATA.shown[$('file').value];
// plotly reads a few tags in texts
const plain = (text) => String(text).replace(/&/g, '&amp;')
  .replace(/</g, '&lt;');
const percent = (x) => Number.isFinite(x) ? `${(100 * x).toFixed(1)} %` : '–';
const number = (x) => x === null || x === undefined ? '–' : x.toFixed(3);
const estimate = (e) => e.low === null ? number(e.value)
  : `${number(e.value)} [${number(e.low)}, ${number(e.high)}]`;

function options(select, entries) {
  const old = select.value;
  select.replaceChildren(...entries.map(([value, text]) => {
    const option = document.createElement('option');
    option.value = value;
    option.textContent = text;
    return option;
  }));
  if (entries.some(([value]) => String(value) === old)) select.value = old;
}

function draw(place, traces, layout, height = 340) {
  Plotly.react(place, traces, {height, margin: {l: 56, r: 12, t: 12, b: 48},
    legend: {orientation: 'h', y: 1.15}, ...layout}, CONFIG);
}

function showSummary() {
  const r = report();
  const count = (n) => n.toLocaleString('en');
  const lines = [words().rate({joints: count(r.joints),
    persons: count(r.persons), images: count(r.images),
    rate: estimate(r.error_rate)})];
  for (const name of Object.keys(shown().joints.scores)) {
    const s = r.scores[name];
    lines.push(words().metric({name, auroc: estimate(s.AUROC),
      aurc: estimate(s.AURC), ece: estimate(s.ECE)}));
  }
  $('summary').textContent = lines.join(' ');
  $('notes').replaceChildren(...r.notes.map((note) => {
    const item = document.createElement('li');
    item.textContent = note;
    return item;
  }));
}

function setThreshold() {
  const scores = shown().joints.scores[$('score').value];
  const high = scores.reduce((a, b) => Math.max(a, b), 1);
  const low = scores.reduce((a, b) => Math.min(a, b), 0);
  Object.assign($('threshold'), {min: low, max: high, step: 'any'});
  Object.assign($('threshold'), {step: (high - low) / 100, value: low});
}

function riskCurve() {
  const {wrong, scores} = shown().joints;
  const s = scores[$('score').value];
  const order = [...s.keys()].sort((a, b) => s[b] - s[a]);
  const x = [], y = [], step = Math.ceil(order.length / 400);
  let errors = 0;
  order.forEach((k, n) => {
    errors += wrong[k];
    const tied = n + 1 < order.length && s[order[n + 1]] === s[k];
    if (!tied && (n % step === 0 || n + 1 === order.length || x.length < 2)) {
      x.push((n + 1) / order.length);
      y.push(errors / (n + 1));
    }
  });
  return {x, y};
}

let curve = null;
function showRisk() {
  const {joint, wrong, scores} = shown().joints;
  const s = scores[$('score').value], limit = Number($('threshold').value);
  const names = shown().names, zero = () => names.map(() => 0);
  const all = zero(), bad = zero(), kept = zero(), left = zero();
  s.forEach((value, k) => {
    all[joint[k]] += 1;
    bad[joint[k]] += wrong[k];
    if (value >= limit) {
      kept[joint[k]] += 1;
      left[joint[k]] += wrong[k];
    }
  });
  const sum = (v) => v.reduce((a, b) => a + b, 0);
  const coverage = sum(kept) / s.length, risk = sum(left) / sum(kept);
  $('value').textContent = limit.toFixed(3);
  $('kept').textContent = percent(coverage);
  $('wrong').textContent = percent(risk);
  draw('risk', [{...curve, mode: 'lines', line: {color: BLUE},
    name: plain($('score').value), showlegend: false},
  {x: [coverage], y: [Number.isFinite(risk) ? risk : null], mode: 'markers',
    marker: {size: 13, color: ORANGE, symbol: 'diamond'}, showlegend: false}],
  {xaxis: {title: {text: words().coverage}, range: [0, 1.02],
    tickformat: '.0%'},
  yaxis: {title: {text: words().wrongShare}, tickformat: '.0%',
    rangemode: 'tozero'}});
  const share = (a, b) => a.map((v, k) => b[k] ? v / b[k] : null);
  bars('effect', names, [[words().before, share(bad, all)],
    [words().after, share(left, kept)]], {tickformat: '.0%',
    title: {text: words().wrongShare}});
}

function bars(place, names, series, axis) {
  draw(place, series.map(([name, x], k) => ({type: 'bar', orientation: 'h',
    y: names.map(plain), x, name: plain(name),
    marker: {color: [BLUE, ORANGE][k % 2]}})),
  {xaxis: axis, yaxis: {autorange: 'reversed', automargin: true},
    barmode: 'group'}, 120 + 26 * names.length);
}

function showBars(place, stratification) {
  const strata = report().strata[stratification] || {};
  const names = Object.keys(strata);
  bars(place, names, Object.keys(shown().joints.scores).map((score) =>
    [score, names.map((n) => strata[n].AUROC[score].value)]),
  {range: [0, 1], title: {text: 'AUROC'}});
}

function showReliability() {
  draw('reliability', [{x: [0, 1], y: [0, 1], mode: 'lines',
    line: {color: '#777', dash: 'dot'}, showlegend: false},
  ...Object.entries(shown().reliability).map(([name, b], k) => ({
    x: b.score, y: b.correct, text: b.count.map((n) => `n = ${n}`),
    name: plain(name), mode: 'lines+markers',
    line: {color: [BLUE, ORANGE][k % 2], dash: ['solid', 'dash'][k % 2]},
  }))], {xaxis: {title: {text: words().score}, range: [0, 1]},
    yaxis: {title: {text: words().correctShare}, range: [0, 1.02]}});
}

function chosen() {
  const order = $('order').value, joint = $('joint').value;
  const size = $('size').value, kind = Number(order);
  const value = Number.isNaN(kind) ? (p) => p[order]
    : (p) => p.kind.filter((k) => k === kind).length;
  return shown().persons.filter((p) =>
    (joint === '' || p.joint.includes(Number(joint))) &&
    (size === '' || p.size === Number(size)) && value(p) > 0)
    .sort((a, b) => value(b) - value(a));
}

function picture(p) {
  return p ? [{source: p.source, x: p.x, y: p.y, sizex: p.width,
    sizey: p.height, xref: 'x', yref: 'y', yanchor: 'top',
    sizing: 'stretch', layer: 'below'}] : [];
}

function showPerson(person) {
  const figure = document.createElement('figure');
  const plot = document.createElement('div');
  const caption = document.createElement('figcaption');
  caption.textContent = `${words().person} ${person.id}, ` +
    `${words().image} ${person.image}`;
  figure.append(plot, caption);
  $('gallery').append(figure);
  const {names, links} = shown(), s = person.scores;
  const at = Object.fromEntries(person.joint.map((j, k) => [j, k]));
  const x = [], y = [];
  for (const [a, b] of links) {
    if (!(a in at) || !(b in at)) continue;
    x.push(person.points[at[a]][0], person.points[at[b]][0], null);
    y.push(person.points[at[a]][1], person.points[at[b]][1], null);
  }
  const text = person.joint.map((j, k) => [plain(names[j]),
    ...Object.entries(s).map(([n, v]) => `${plain(n)} ${v[k].toFixed(3)}`),
    person.wrong[k] ? words().wrong : words().correct].join('<br>'));
  draw(plot, [{x, y, mode: 'lines', line: {color: '#999'}, hoverinfo: 'skip'},
    {x: person.points.map((p) => p[0]), y: person.points.map((p) => p[1]),
      mode: 'markers', text, hovertemplate: '%{text}<extra></extra>',
      marker: {size: 11, color: s[$('score').value], cmin: 0, cmax: 1,
        colorscale: 'Cividis', line: {width: 1, color: '#222'},
        showscale: true, colorbar: {thickness: 8},
        symbol: person.wrong.map((w) => w ? 'x' : 'circle')}}],
  {showlegend: false, margin: {l: 8, r: 8, t: 8, b: 8},
    images: picture(person.picture),
    xaxis: {visible: false},
    yaxis: {visible: false, autorange: 'reversed', scaleanchor: 'x'}}, 280);
}

function showGallery() {
  const people = chosen();
  start = Math.max(0, Math.min(start, people.length - 1));
  start -= start % PER_PAGE;
  for (const old of document.querySelectorAll('#gallery figure > div')) {
    Plotly.purge(old);
  }
  $('gallery').replaceChildren();
  people.slice(start, start + PER_PAGE).forEach(showPerson);
  $('count').textContent = words().count({held: shown().persons.length,
    all: report().persons, found: people.length});
  const end = Math.min(start + PER_PAGE, people.length);
  $('where').textContent = people.length ?
    `${start + 1}–${end} / ${people.length}` : words().none;
  $('previous').disabled = start === 0;
  $('next').disabled = end >= people.length;
}

function showAll() {
  document.documentElement.lang = language;
  document.title = words().title;
  for (const place of document.querySelectorAll('[data-word]')) {
    place.textContent = words()[place.dataset.word];
  }
  $('language').textContent = words().other;
  const {names, strata} = shown(), all = ['', words().all];
  const numbered = (list) => (list || []).map((n, k) => [k, n]);
  options($('order'), [['brier', words().brier], ['gap', words().gap],
    ...numbered(strata.kind)]);
  options($('joint'), [all, ...numbered(names)]);
  options($('size'), [all, ...numbered(strata.size)]);
  showSummary();
  showRisk();
  later(showReliability, () => showBars('joints', 'joint'),
    () => showBars('kinds', 'kind'), showGallery);
}

// what is below the first screen, when there is time
let waiting = [];
function later(...jobs) {
  waiting.forEach(clearTimeout);
  waiting = jobs.map((job) => setTimeout(job));
}

function changeScore() {
  setThreshold();
  curve = riskCurve();
  start = 0;
  showAll();
}

function changeFile() {
  options($('score'), Object.keys(shown().joints.scores).map((n) => [n, n]));
  changeScore();
}

options($('file'), Object.keys(DATA.reports).map((name) => [name, name]));
$('file').addEventListener('change', changeFile);
$('score').addEventListener('change', changeScore);
$('threshold').addEventListener('input', showRisk);
$('language').addEventListener('click', () => {
  language = language === 'en' ? 'zh' : 'en';
  showAll();
});
for (const id of ['order', 'joint', 'size']) {
  $(id).addEventListener('change', () => { start = 0; showGallery(); });
}
for (const [id, step] of [['previous', -PER_PAGE], ['next', PER_PAGE]]) {
  $(id).addEventListener('click', () => { start += step; showGallery(); });
}
changeFile();
