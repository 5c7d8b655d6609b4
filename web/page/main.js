// Joins the parts: each snapshot goes to all of them.
import { BridgeTable } from './bridges.js';
import { Chart } from './chart.js';
import { assumeControls, loadControls } from './controls.js';
import { element, find, setText } from './dom.js';
import { Feed } from './feed.js';
import { rate } from './format.js';
import { History } from './history.js';
import { LinesChart } from './lines.js';
import { Past, windowOf } from './past.js';
import { offerTexts } from './proxy.js';
import { StreamTable } from './streams.js';
import { showDirect, showEvents, showHealth, showMemory, showRates } from './summary.js';
import { offerTest } from './test.js';
import { say, translatePage } from './texts.js';
import { offerClosed, offerTotals } from './totals.js';

translatePage();
const history = new History();
const past = new Past(() => draw());
const chart = new Chart(find('chart'));
const lines = new LinesChart(find('lines'));
const bridges = new BridgeTable();
const streams = new StreamTable();
let minutes = 10;
let chosen = '';  // session of the tunnel that is shown; empty for all
let latest = null;
let drawn = {};  // the last window of paths, and of what it is

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

/** For up to an hour the program knows of every bridge. */
function bridgesShown(all) {
  let shown = history.window(minutes);
  const byTunnel = all.length > 1 && !chosen;
  if (byTunnel) shown = mergedByTunnel(shown, all);
  else if (chosen) shown.series = shown.series.filter((s) => s.session === chosen);
  return { ...shown, unit: byTunnel ? 'tunnel' : 'bridge' };
}

/** Paths; at a server the users, of whom one may be chosen by a tunnel. */
function pathsShown(tunnels) {
  const told = past.of(minutes > 1440 ? '30d' : minutes > 60 ? '24h' : '1h');
  if (drawn.told === told && drawn.minutes === minutes && drawn.chosen === chosen) return drawn.shown;
  const shown = { ...windowOf(told, minutes * 60), unit: latest.role === 'server' ? 'user' : 'path' };
  if (chosen) shown.series = shown.series.filter((s) => tunnels.some((t) => t.user === s.path));
  drawn = { told, minutes, chosen, shown };
  return shown;
}

const titles = {
  bridge: say('Throughput by bridge'), tunnel: say('Throughput by tunnel'), path: say('Throughput by path'), user: say('Throughput by user'),
};

function drawCharts(tunnels, all) {
  const paths = pathsShown(tunnels);
  const shown = minutes > 60 ? paths : bridgesShown(all);
  setText(find('chart-title'), titles[shown.unit]);
  setText(find('lines-title'), paths.unit === 'user' ? say('Lines by user') : say('Lines by path'));
  chart.show(shown);
  lines.show(paths);
  if (latest.tick % 10 !== 0) return;  // a screen reader need not hear of every second
  const busy = tunnels.flatMap((t) => t.bridges).filter((b) => b.rate_up + b.rate_down >= 1);
  const told = busy.map((b) => say('bridge {0}: {1} down, {2} up', b.id, rate(b.rate_down), rate(b.rate_up))).join('; ');
  setText(find('chart-summary'), told || say('no traffic'));
}

function offerTunnels(all) {
  const select = find('tunnel');
  select.hidden = all.length < 2;
  if (!all.some((t) => t.session === chosen)) chosen = '';
  const wanted = ['', ...all.map((t) => t.session)];
  if (wanted.join() !== [...select.options].map((o) => o.value).join()) {
    select.replaceChildren(...wanted.map((session) => {
      const option = element('option', '', session ? `${all.find((t) => t.session === session).user} · ${session}` : say('All tunnels'));
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
  drawCharts(tunnels, all);
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
  setText(find('notice'), connected ? '' : say('The program does not answer; these are its last figures.'));
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
