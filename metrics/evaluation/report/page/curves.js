// The summary, the curves and the bars.
function showSummary() {
  const r = report();
  const count = (n) => n.toLocaleString('en');
  const lines = [words().rate({joints: count(r.joints),
    persons: count(r.persons), images: count(r.images),
    rate: estimate(r.error_rate)})];
  for (const name of Object.keys(shown().thresholds)) {
    const s = r.scores[name];
    lines.push(words().metric({name: named(name), auroc: estimate(s.AUROC),
      aurc: estimate(s.AURC), ece: estimate(s.ECE)}));
  }
  $('summary').textContent = lines.join(' ');
  $('notes').replaceChildren(...r.notes.map((n) =>
    element('li', translated(n))));
}

function showRisk() {
  const table = shown().thresholds[$('score').value];
  const at = Number($('threshold').value), limit = table.values[at].toFixed(3);
  const kept = table.kept[at], wrong = table.wrong[at];
  const sum = (v) => v.reduce((a, b) => a + b, 0);
  const coverage = sum(kept) / sum(table.kept[0]);
  const risk = sum(wrong) / sum(kept);
  $('value').textContent = limit;
  $('threshold').setAttribute('aria-valuetext', limit);
  $('kept').textContent = percent(coverage);
  $('wrong').textContent = percent(risk);
  const curve = shown().risk[$('score').value];
  draw('risk', [{x: curve.coverage, y: curve.risk, mode: 'lines',
    line: {color: BLUE}, name: plain(named($('score').value)), showlegend: false},
  {x: [coverage], y: [Number.isFinite(risk) ? risk : null], mode: 'markers',
    marker: {size: 13, color: ORANGE, symbol: 'diamond'}, showlegend: false}],
  {xaxis: {title: {text: words().coverage}, range: [0, 1.02],
    tickformat: '.0%'},
  yaxis: {title: {text: words().wrongShare}, tickformat: '.0%',
    rangemode: 'tozero'}});
  const share = (a, b) => a.map((v, k) => b[k] ? v / b[k] : null);
  bars('effect', shown().names,
    [[words().before, share(table.wrong[0], table.kept[0])],
      [words().after, share(wrong, kept)]],
    {tickformat: '.0%', title: {text: words().wrongShare}});
}

function showBars(place, stratification) {
  const strata = report().strata[stratification] || {};
  const names = Object.keys(strata);
  bars(place, names, Object.keys(shown().thresholds).map((score) =>
    [score, names.map((n) => strata[n].AUROC[score].value)]),
  {range: [0, 1], title: {text: 'AUROC'}});
}

function showReliability() {
  draw('reliability', [{x: [0, 1], y: [0, 1], mode: 'lines',
    line: {color: '#777', dash: 'dot'}, showlegend: false},
  ...Object.entries(shown().reliability).map(([name, b], k) => ({
    x: b.score, y: b.correct, text: b.count.map((n) => `n = ${n}`),
    name: plain(named(name)), mode: 'lines+markers',
    line: {color: [BLUE, ORANGE][k % 2], dash: ['solid', 'dash'][k % 2]},
  }))], {xaxis: {title: {text: words().score}, range: [0, 1]},
    yaxis: {title: {text: words().correctShare}, range: [0, 1.02]}});
}
