// Joins the parts: each snapshot goes to all of them.
import { BridgeTable } from './bridges.js';
import { Chart } from './chart.js';
import { assumeControls, loadControls } from './controls.js';
import { element, find, setText } from './dom.js';
import { Feed } from './feed.js';
import { rate } from './format.js';
import { History } from './history.js';
import { offerTexts } from './proxy.js';
import { StreamTable } from './streams.js';
import { showDirect, showEvents, showHealth, showMemory, showRates } from './summary.js';
import { offerTest } from './test.js';
import { offerClosed, offerTotals } from './totals.js';

const history = new History();
const chart = new Chart(find('chart'));
const bridges = new BridgeTable();
const streams = new StreamTable();
let minutes = 10;
let chosen = '';  // session of the tunnel that is shown; empty for all
let latest = null;

/** A client has one tunnel, a server any number: the page knows only lists. */
function tunnelsOf(snapshot) {
  if (snapshot.role === 'server') return snapshot.tunnels;
  const { tunnel, bridges, streams, direct } = snapshot;
  return [{ ...tunnel, user: '', bridges, streams, direct_active: direct.connections_active }];
}

/** Of many tunnels the chart shows each as one. */
function mergedByTunnel(shown, tunnels) {
  const merged = new Map();
  for (const s of shown.series) {
    const key = tunnels.some((t) => t.session === s.session) ? `${s.session}/tunnel` : '/0';
    const into = merged.get(key);
    if (!into) merged.set(key, { ...s, key, up: [...s.up], down: [...s.down] });
    else for (let i = 0; i < s.up.length; ++i) { into.up[i] += s.up[i]; into.down[i] += s.down[i]; }
  }
  return { ...shown, series: [...merged.values()] };
}

function drawChart(tunnels, all) {
  let shown = history.window(minutes);
  const byTunnel = all.length > 1 && !chosen;
  if (byTunnel) shown = mergedByTunnel(shown, all);
  else if (chosen) shown.series = shown.series.filter((s) => s.session === chosen);
  setText(find('chart-unit'), byTunnel ? 'tunnel' : 'bridge');
  chart.show(shown);
  if (latest.tick % 10 !== 0) return;  // a screen reader need not hear of every second
  const busy = tunnels.flatMap((t) => t.bridges).filter((b) => b.rate_up + b.rate_down >= 1);
  const told = busy.map((b) => `bridge ${b.id}: ${rate(b.rate_down)} down, ${rate(b.rate_up)} up`).join('; ');
  setText(find('chart-summary'), told || 'no traffic');
}

function offerTunnels(all) {
  const select = find('tunnel');
  select.hidden = all.length < 2;
  if (!all.some((t) => t.session === chosen)) chosen = '';
  const wanted = ['', ...all.map((t) => t.session)];
  if (wanted.join() !== [...select.options].map((o) => o.value).join()) {
    select.replaceChildren(...wanted.map((session) => {
      const option = element('option', '', session ? `${all.find((t) => t.session === session).user} · ${session}` : 'All tunnels');
      option.value = session;
      return option;
    }));
  }
  select.value = chosen;
}

function draw() {
  if (!latest) return;
  const all = tunnelsOf(latest);
  offerTunnels(all);
  const tunnels = chosen ? all.filter((t) => t.session === chosen) : all;
  showHealth(latest, all);
  showRates(tunnels);
  showDirect(latest);
  drawChart(tunnels, all);
  bridges.show(tunnels, history, latest.role === 'server');
  streams.show(tunnels);
  showMemory(tunnels, latest);
  showEvents(latest.events);
}

async function take(snapshot) {
  latest = snapshot;
  await history.add(snapshot, tunnelsOf(snapshot));
  if (latest === snapshot) requestAnimationFrame(draw);
}

function showConnection(connected) {
  find('notice').hidden = connected;
  setText(find('notice'), connected ? '' : 'The program does not answer; these are its last figures.');
}

for (const button of document.querySelectorAll('[data-minutes]')) {
  button.onclick = () => {
    minutes = Number(button.dataset.minutes);
    for (const other of document.querySelectorAll('[data-minutes]')) other.ariaPressed = String(other === button);
    draw();
  };
}
find('tunnel').onchange = (event) => { chosen = event.target.value; draw(); };

// The program has put what it knows into the page: the first picture needs no answer from it.
const first = JSON.parse(find('first').textContent || 'null');
if (first) {
  assumeControls(first.controls);
  latest = first.stats;
  draw();
}
const controls = loadControls().catch(() => {});
if (!first) await controls;  // rows are made with their buttons
offerTexts().catch(() => {});
offerTest();
offerTotals();
offerClosed();
new Feed((snapshot) => take(snapshot).catch(() => showConnection(false)), showConnection);
