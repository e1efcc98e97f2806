// The inspector's console: what the app writes.

import { element } from './overlays.js';
import { timeOfDay } from './text.js';

/** Lines kept; the server keeps fewer. */
const MOST = 1_000;
const LEVELS = ['debug', 'info', 'warn', 'error'];

/** @typedef {{ level: string, text: string, at: number }} Line */

export class ConsolePanel {
  /** Lines up to here were cleared away by the person; the server may send them again. */
  #cleared = 0;
  #errors = 0;

  /** @param {HTMLElement} panel @param {HTMLElement} tab */
  constructor(panel, tab) {
    this.tab = tab;
    this.search = element('input', { type: 'search', placeholder: 'Filter', 'aria-label': 'Filter lines' });
    this.level = element('select', { 'aria-label': 'Least level' });
    for (const [value, text] of [['debug', 'All levels'], ['info', 'Info and up'], ['warn', 'Warnings and up'], ['error', 'Errors']]) {
      this.level.append(element('option', { value }, text));
    }
    const clear = element('button', { type: 'button', class: 'inspector-button' }, 'Clear');
    this.list = element('div', { class: 'inspector-list', role: 'log', 'aria-label': 'Console', tabindex: '0' });
    panel.append(
      element('div', { class: 'inspector-tools' }, this.search, this.level, clear),
      this.list,
      element('p', { class: 'inspector-empty' }, 'What the app writes to its console appears here.'),
    );
    this.search.addEventListener('input', () => this.#filter());
    this.level.addEventListener('change', () => this.#filter());
    clear.addEventListener('click', () => {
      this.#cleared = Number(this.list.lastElementChild?.dataset.at ?? this.#cleared);
      this.reset();
    });
  }

  /** Empties the list. The server is about to send all it has kept. */
  reset() {
    this.list.replaceChildren();
    this.#count(0);
  }

  /** @param {Line} line */
  add(line) {
    if (line.at <= this.#cleared) return;
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 32;
    const row = element(
      'div',
      { class: 'inspector-line', 'data-level': line.level, 'data-at': String(line.at) },
      element('time', {}, timeOfDay(line.at)),
      element('b', {}, line.level),
      element('span', {}, line.text),
    );
    row.hidden = !this.#passes(row);
    this.list.append(row);
    if (this.list.childElementCount > MOST) this.list.firstElementChild?.remove();
    if (line.level === 'error') this.#count(this.#errors + 1);
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  /** Lines that came while it was not to be seen could not scroll. */
  shown() {
    this.list.scrollTop = this.list.scrollHeight;
  }

  #count(errors) {
    this.#errors = errors;
    if (errors) this.tab.dataset.count = String(errors);
    else delete this.tab.dataset.count;
  }

  #passes(row) {
    const loud = LEVELS.indexOf(row.dataset.level) >= LEVELS.indexOf(this.level.value);
    const wanted = this.search.value.trim().toLowerCase();
    return loud && (!wanted || row.lastElementChild.textContent.toLowerCase().includes(wanted));
  }

  #filter() {
    for (const row of this.list.children) row.hidden = !this.#passes(row);
    this.shown();
  }
}
