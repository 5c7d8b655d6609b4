// The page's own little view layer. Text only ever goes in as text, so a hostile name stays one.
export const find = (id) => document.getElementById(id);

export function element(tag, className = '', text = '') {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** Touches the document only when something changes. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
export function setClass(node, className) {
  if (node.className !== className) node.className = className;
}

/** Keeps the children of `parent` in step with a list: `key(item)`, `make(item)` and `update(node, item)`. */
export class KeyedList {
  constructor(parent, { key, make, update }) {
    Object.assign(this, { parent, key, make, update, nodes: new Map() });
  }

  show(items) {
    const kept = new Map();
    let place = this.parent.firstChild;
    for (const item of items) {
      const key = this.key(item);
      const node = this.nodes.get(key) ?? this.make(item);
      this.nodes.delete(key);
      kept.set(key, node);
      this.update(node, item);
      if (node === place) place = place.nextSibling;
      else this.parent.insertBefore(node, place);
    }
    for (const gone of this.nodes.values()) gone.remove();
    this.nodes = kept;
  }
}

/** A table row of `classes.length` cells; node.cells leads to them. */
export function row(classes) {
  const made = element('tr');
  for (const name of classes) made.append(element('td', name));
  return made;
}

/**
 * Lets the cells of class "all" span the columns of `table` that are shown. One that spans more would make columns of
 * its own where the style hides some, and in a table of fixed layout they take most of the width.
 */
export function spanColumns(table) {
  const shown = [...table.tHead.rows[0].cells].filter((cell) => getComputedStyle(cell).display !== 'none').length;
  for (const cell of table.querySelectorAll('td.all')) if (cell.colSpan !== shown) cell.colSpan = shown;
}
