// What all figures of the page share.
const DATA = JSON.parse(document.getElementById('data').textContent);
const BLUE = '#0072B2', ORANGE = '#D55E00';
const $ = (id) => document.getElementById(id);
let language = 'en';
const words = () => WORDS[language];
const report = () => DATA.reports[$('file').value];
const shown = () => DATA.shown[$('file').value];
const named = (name) => NAMES[language][name] || name;
const percent = (x) => Number.isFinite(x) ? `${(100 * x).toFixed(1)} %` : '–';
const number = (x) => x === null || x === undefined ? '–' : x.toFixed(3);
const estimate = (e) => e.low === null ? number(e.value)
  : `${number(e.value)} [${number(e.low)}, ${number(e.high)}]`;
// plotly reads a few tags in texts
const plain = (text) => String(text).replace(/&/g, '&amp;')
  .replace(/</g, '&lt;');

function element(tag, text = '', content = []) {
  const made = document.createElement(tag);
  made.textContent = text;
  made.append(...content);
  return made;
}

function options(select, entries) {
  const old = select.value;
  select.replaceChildren(...entries.map(([value, text]) =>
    Object.assign(element('option', text), {value})));
  if (entries.some(([value]) => String(value) === old)) select.value = old;
}

function draw(place, traces, layout, height = 340) {
  Plotly.react(place, traces, {height, margin: {l: 56, r: 12, t: 36, b: 48},
    legend: {orientation: 'h', y: 1, yanchor: 'bottom'}, dragmode: false,
    ...layout},
  {displayModeBar: false, responsive: true});
}

function bars(place, names, series, axis) {
  draw(place, series.map(([name, x], k) => ({type: 'bar', orientation: 'h',
    y: names.map((n) => plain(named(n))), x, name: plain(named(name)),
    marker: {color: [BLUE, ORANGE][k % 2]}})),
  {xaxis: axis, yaxis: {autorange: 'reversed', automargin: true},
    barmode: 'group'}, 120 + 26 * names.length);
}
