// The persons, a page of them at a time.
const PER_PAGE = 8;
let start = 0;

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

const verdict = (person, k) => {
  const text = person.wrong[k] ? words().wrong : words().correct;
  const kind = (shown().strata.kind || [])[person.kind[k]];
  return kind && kind !== 'good' ? `${text} (${named(kind)})` : text;
};

function drawPerson(place, person) {
  const {names, links} = shown(), s = person.scores, points = person.points;
  const at = Object.fromEntries(person.joint.map((j, k) => [j, k]));
  const ends = links.filter(([a, b]) => a in at && b in at)
    .flatMap(([a, b]) => [points[at[a]], points[at[b]], [null, null]]);
  const text = person.joint.map((j, k) => [plain(named(names[j])),
    ...Object.entries(s).map(([n, v]) => `${plain(named(n))} ${v[k].toFixed(3)}`),
    verdict(person, k)].join('<br>'));
  const p = person.picture;
  draw(place, [{x: ends.map((e) => e[0]), y: ends.map((e) => e[1]),
    mode: 'lines', line: {color: '#999'}, hoverinfo: 'skip'},
  {x: points.map((e) => e[0]), y: points.map((e) => e[1]), mode: 'markers',
    text, hovertemplate: '%{text}<extra></extra>',
    marker: {size: 11, color: s[$('score').value], cmin: 0, cmax: 1,
      colorscale: 'Cividis', line: {width: 1.5, color: 'white'},
      symbol: person.wrong.map((w) => w ? 'x' : 'circle')}}],
  {showlegend: false, margin: {l: 8, r: 8, t: 8, b: 8},
    images: p ? [{source: p.source, x: p.x, y: p.y, sizex: p.width,
      sizey: p.height, xref: 'x', yref: 'y', yanchor: 'top',
      sizing: 'stretch', layer: 'below'}] : [],
    xaxis: {visible: false},
    yaxis: {visible: false, autorange: 'reversed', scaleanchor: 'x'}}, 280);
}

function valuesOf(person) {
  const names = Object.keys(person.scores);
  const row = (tag, texts) => element('tr', '',
    texts.map((text) => element(tag, text)));
  return element('table', '', [
    row('th', [words().joint, ...names.map(named), '']),
    ...person.joint.map((j, k) => row('td', [named(shown().names[j]),
      ...names.map((n) => person.scores[n][k].toFixed(3)),
      verdict(person, k)]))]);
}

function showPerson(person) {
  const place = element('div');
  const head = element('summary', words().person(person));
  const values = element('details', '', [head]);
  values.addEventListener('toggle', () => values.lastChild === head &&
    values.append(valuesOf(person)));
  $('gallery').append(element('figure', '',
    [place, element('figcaption', '', [values])]));
  drawPerson(place, person);
}

function moveFocus(event) {
  const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1,
    ArrowUp: -1}[event.key];
  const all = [...$('gallery').querySelectorAll('summary')];
  const next = all[all.indexOf(event.target) + step];
  if (!next || event.target.tagName !== 'SUMMARY') return;
  event.preventDefault();
  next.focus();
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
