// What people copy to use the proxy: the program says how it is to be used from where this page was asked for.
import { can } from './controls.js';
import { element, find, setText } from './dom.js';

const offered = [
  ['sh', 'Copy for bash, zsh', 'The lines for a shell'],
  ['fish', 'Copy for fish', 'The lines for fish'],
  ['pac', 'Copy PAC address', 'The address of the script for browsers'],
  ['curl', 'Copy curl line', 'The line for curl'],
];

let silence = 0;

function say(text) {
  clearTimeout(silence);
  setText(find('said'), text);
  silence = setTimeout(() => setText(find('said'), ''), 5000);
}

/** The text is shown as well: the clipboard is for pages of loopback and of TLS only. */
async function copy(what, text) {
  find('text').hidden = false;
  setText(find('text'), text);
  try {
    await navigator.clipboard.writeText(text);
    say(`${what}: copied`);
  } catch {
    getSelection().selectAllChildren(find('text'));
    say(`${what}: selected, copy with Ctrl-C`);
  }
}

/** A server has no proxy, nor has a client with --socks none. */
export async function offerTexts() {
  if (!can('proxy')) return;
  const texts = await (await fetch('api/proxy')).json();
  for (const [name, word, what] of offered) {
    const button = element('button', '', word);
    button.type = 'button';
    button.onclick = () => copy(what, texts[name]);
    find('texts').append(button);
  }
  find('proxy').hidden = false;
}
