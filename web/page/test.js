// "Test this line": starts the client's test, and shows what it says while it runs, whoever started it.
import { can, send } from './controls.js';
import { find, setText } from './dom.js';

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function show({ running, doing, error, text }) {
  find('test-start').disabled = running;
  setText(find('test-doing'), running ? doing : error ?? '');
  find('test-doing').className = error && !running ? 'bad' : '';
  const lines = text.join('\n');
  find('test-text').hidden = !lines;
  setText(find('test-text'), lines);
}

/** Until it is over. */
async function follow() {
  for (;;) {
    const report = await (await fetch('api/test')).json();
    show(report);
    if (!report.running) return;
    await pause(500);
  }
}

async function start() {
  find('test-start').disabled = true;
  try {
    await send('api/test');
    await follow();
  } catch (error) {
    find('test-start').disabled = false;
    setText(find('test-doing'), error.message);
  }
}

export function offerTest() {
  if (!can('start_test')) return;
  find('test').hidden = false;
  find('test-start').onclick = start;
  follow().catch(() => {});
}
