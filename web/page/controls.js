// What can be changed from the page. The token proves that the request comes from a page of this very endpoint.
import { element, find, setText } from './dom.js';
import { say } from './texts.js';

let known = { token: '' };
let silence = 0;

/** What can be changed, before the token is there: a request without it makes the page ask for it. */
export function assumeControls(controls) { known = { ...controls, token: '' }; }

export async function loadControls() {
  known = await (await fetch('api/controls')).json();
}

export const can = (what) => known[what] === true;

/** POST with the token; throws an Error that says what is wrong. */
export async function send(path) {
  const post = () => fetch(path, { method: 'POST', headers: { 'X-Mtcp-Token': known.token } });
  let answer = await post();
  if (answer.status === 403) {  // the program was restarted
    await loadControls();
    answer = await post();
  }
  if (answer.status === 404) throw new Error(say('it is gone'));
  if (answer.status === 409) throw new Error(say('one is running already'));
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
}

const change = (path, session, id) => send(`${path}?${new URLSearchParams({ session, id })}`);

/**
 * A cell with a button for {what, word, name, path, session, id}, or without one. The button stays the same when what it
 * does changes, so that it keeps the focus; the next snapshot shows what came of it.
 */
export function offer(cell, action) {
  if (!action || !can(action.what)) return cell.replaceChildren();
  let button = cell.firstChild;
  if (!button) {
    button = element('button');
    button.type = 'button';
    button.onclick = () => press(button);
    cell.append(button);
  }
  if (button.action?.path !== action.path) button.ariaDisabled = null;
  button.action = action;
  setText(button, action.word);
  if (button.ariaLabel !== action.name) button.ariaLabel = action.name;
}

async function press(button) {
  if (button.ariaDisabled) return;
  const { name, path, session, id } = button.action;
  clearTimeout(silence);
  button.ariaDisabled = 'true';
  try {
    await change(path, session, id);
    setText(find('said'), say('{0}: done', name));
  } catch (error) {
    button.ariaDisabled = null;
    setText(find('said'), `${name}: ${error.message}`);
  }
  silence = setTimeout(() => setText(find('said'), ''), 5000);
}
