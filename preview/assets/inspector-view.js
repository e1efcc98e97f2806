// The inspector's view: the tree of nodes on show, read from the document.

import { byId } from './chrome.js';
import { kindOf } from './controls.js';
import { element } from './overlays.js';
import { shortened } from './text.js';

/** Rows drawn; a view has up to 10,000 nodes. */
const MOST = 2_000;
/** How often at most the tree is drawn anew. */
const PAUSE_MS = 150;

export class ViewPanel {
  #timer = 0;
  #visible = false;

  /** @param {HTMLElement} panel @param {() => import('./pages.js').Pages} pages */
  constructor(panel, pages) {
    this.pages = pages;
    this.summary = element('p');
    this.list = element('div', { class: 'inspector-list', 'aria-label': 'Nodes' });
    panel.append(element('div', { class: 'inspector-tools' }, this.summary), this.list,
      element('p', { class: 'inspector-empty' }, 'The page has no nodes.'));
    this.list.addEventListener('pointerover', (event) => this.#point(event.target));
    this.list.addEventListener('pointerleave', () => this.#unpoint());
    this.list.addEventListener('focusin', (event) => this.#point(event.target));
    this.list.addEventListener('focusout', () => this.#unpoint());
    this.list.addEventListener('click', (event) => {
      this.#nodeOf(event.target)?.scrollIntoView({ block: 'center', inline: 'nearest' });
      this.#point(event.target);
    });
  }

  /** @param {boolean} visible */
  show(visible) {
    this.#visible = visible;
    if (visible) this.#draw();
    else this.#unpoint();
  }

  /** The nodes changed. */
  changed() {
    if (this.#visible) this.#timer ||= setTimeout(() => this.#draw(), PAUSE_MS);
  }

  #draw() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const { nodes, shown } = this.pages();
    const focused = this.list.contains(document.activeElement) ? document.activeElement?.getAttribute('data-of') : null;
    const rows = nodes.page ? this.#rows(nodes.page) : [];
    const count = nodes.size === 1 ? '1 node' : `${nodes.size.toLocaleString('en')} nodes`;
    const cut = nodes.size > MOST ? `, the first ${MOST.toLocaleString('en')} shown` : '';
    this.summary.textContent = `${shown.route} · version ${shown.v} · ${count}${cut}`;
    const { scrollTop } = this.list;
    this.list.replaceChildren(...rows);
    this.list.scrollTop = scrollTop;
    if (focused) this.list.querySelector(`[data-of="${focused}"]`)?.focus({ preventScroll: true });
  }

  /** Rows of all nodes in pre-order. @param {Element} page */
  #rows(page) {
    /** @type {{ row: HTMLElement, node: Element }[]} */
    const path = [];
    const rows = [];
    for (const node of page.querySelectorAll('[data-n]')) {
      if (rows.length >= MOST) break;
      while (path.length && !path[path.length - 1].node.contains(node)) path.pop();
      const row = describe(node, path.length);
      path.push({ row, node });
      rows.push(row);
    }
    return rows;
  }

  #nodeOf(target) {
    const row = target instanceof Element ? target.closest('[data-of]') : null;
    return row ? this.pages().nodes.find(Number(row.getAttribute('data-of'))) : null;
  }

  #point(target) {
    const node = this.#nodeOf(target);
    if (!node) return this.#unpoint();
    const mark = byId('mark');
    const { left, top, width, height } = node.getBoundingClientRect();
    const screen = byId('box').getBoundingClientRect();
    for (const [name, value] of Object.entries({ left, top, width, height })) mark.style.setProperty(name, `${value}px`);
    mark.firstElementChild.textContent = `${kindOf(node)} ${Math.round(width)} × ${Math.round(height)}`;
    mark.toggleAttribute('data-below', top < screen.top + 20);
    mark.hidden = false;
    return undefined;
  }

  #unpoint() {
    byId('mark').hidden = true;
  }
}

/** @param {Element} node @param {number} depth */
function describe(node, depth) {
  const id = node.getAttribute('data-n') ?? '';
  const row = element('button', { type: 'button', class: 'inspector-node', 'data-of': id }, element('b', {}, kindOf(node)));
  row.style.setProperty('--depth', String(depth));
  const classes = (node.getAttribute('class') ?? '').split(' ').filter((name) => name && !name.startsWith('lp-'));
  if (classes.length) row.append(element('i', {}, `.${classes.join('.')}`));
  const says = saying(node);
  if (says) row.append(element('span', {}, `“${shortened(says, 60)}”`));
  const key = node.getAttribute('data-key');
  const asks = node.getAttribute('data-on');
  const rest = [asks && `⚡ ${asks}`, key && `key ${shortened(key, 24)}`, `#${id}`].filter(Boolean).join('  ');
  row.append(element('small', {}, rest));
  return row;
}

/** What a node says itself, its children apart. @param {any} node */
function saying(node) {
  if (kindOf(node) === 'text') return node.textContent;
  const field = node.querySelector(':scope > [data-p="field"]') ?? node;
  if (field.localName === 'select') return field.selectedOptions[0]?.textContent ?? '';
  if (field.type === 'password') return '•'.repeat(field.value.length);
  if (field.matches('input:not([type="checkbox"], [type="radio"]), textarea')) return field.value || field.placeholder;
  return node.getAttribute('aria-label') ?? node.getAttribute('alt') ?? '';
}
