// The words of the page in the language of the browser: English as it stands in the sources, or Chinese. Names, units and
// what systems say of errors stay as they are.
import { page, program } from './chinese.js';

const isChinese = (language) => /^zh\b/i.test(language ?? '');

const filled = (text, parts) => text.replace(/\{(\d)\}/g, (_, i) => parts[i]);

/** Names may be called as what every object has. */
const own = (words, english) => (Object.hasOwn(words, english) ? words[english] : undefined);

/** "bridge {0} up" as an expression that finds what stands for {0}. */
function pattern(english) {
  const plain = english.split(/\{\d\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${plain.join('(.*)')}$`, 's');
}

/** {say, said} for a language, as `navigator.language` has it. */
export function textsIn(language) {
  if (!isChinese(language)) return { say: (english, ...parts) => filled(english, parts), said: (text) => text };
  const patterns = Object.entries(program).filter(([english]) => english.includes('{0}')).map(([english, chinese]) => [pattern(english), chinese]);
  const said = (text) => {
    if (!text) return text;
    const whole = own(program, text);
    if (whole) return whole;
    for (const [expression, chinese] of patterns) {
      const found = expression.exec(text);
      if (found) return filled(chinese, found.slice(1).map(said));
    }
    return text;
  };
  return { say: (english, ...parts) => filled(own(page, english) ?? english, parts), said };
}

const language = globalThis.navigator?.language;

/** `say(english, ...parts)`: words of the page, the parts in the places of {0}, {1}; `said(text)`: what a program says. */
export const { say, said } = textsIn(language);

/** What stands in the document itself, once. */
export function translatePage() {
  if (!isChinese(language)) return;
  document.documentElement.lang = 'zh-CN';
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) {
      const words = node.data.trim();
      if (own(page, words)) node.data = node.data.replace(words, own(page, words));
    } else {
      for (const name of ['aria-label', 'placeholder', 'title'])
        if (own(page, node.getAttribute(name))) node.setAttribute(name, own(page, node.getAttribute(name)));
    }
  }
}
