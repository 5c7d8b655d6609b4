// What people copy to use the proxy: the program says how it is to be used from where this page was asked for.
import { can } from './controls.js';
import { element, find, setText } from './dom.js';
import { say } from './texts.js';

const offered = [
  ['sh', say('Copy for bash, zsh'), say('The lines for a shell')],
  ['fish', say('Copy for fish'), say('The lines for fish')],
  ['pac', say('Copy PAC address'), say('The address of the script for browsers')],
  ['curl', say('Copy curl line'), say('The line for curl')],
];

let silence = 0;

function show(text) {
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
    show(say('{0}: copied', what));
  } catch {
    getSelection().selectAllChildren(find('text'));
    show(say('{0}: selected, copy with Ctrl-C', what));
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
