// The inspector's tables: events, storage, and the app itself.

import { BASE } from './chrome.js';
import { element } from './overlays.js';
import { bytes, isSlow, micros, readable, timeOfDay } from './text.js';

/** Events kept; the server keeps fewer. */
const MOST = 500;

/** @param {string[]} heads those that begin with `#` are of numbers */
export function table(heads) {
  const head = element('tr');
  for (const name of heads) {
    const cell = element('th', { scope: 'col' }, name.replace('#', ''));
    cell.toggleAttribute('data-number', name.startsWith('#'));
    head.append(cell);
  }
  const body = element('tbody');
  return { body, whole: element('table', {}, element('thead', {}, head), body) };
}

/** @param {string} text */
function number(text) {
  return element('td', { 'data-number': '' }, text);
}

/** A list that shows a sentence while its table is empty. */
export function listOf(whole, name, empty) {
  const list = element('div', { class: 'inspector-list', tabindex: '0', role: 'region', 'aria-label': name });
  const says = element('p', { class: 'inspector-empty' }, empty);
  const keep = (/** @type {number} */ count) => list.replaceChildren(...(count ? [whole] : []));
  return { list, says, keep };
}

export class EventsPanel {
  #counted = 0;
  #slow = 0;

  /** @param {HTMLElement} panel */
  constructor(panel) {
    const { body, whole } = table(['Event', '#CPU', '#Wall', '#Changes']);
    this.body = body;
    this.summary = element('p');
    const clear = element('button', { type: 'button', class: 'inspector-button' }, 'Clear');
    const { list, says, keep } = listOf(whole, 'Events', 'Every event that the app handles appears here, with the time it took.');
    this.keep = keep;
    panel.append(element('div', { class: 'inspector-tools' }, this.summary, clear), list, says);
    clear.addEventListener('click', () => this.reset());
  }

  reset() {
    this.body.replaceChildren();
    this.#counted = this.#slow = 0;
    this.#show();
  }

  /** @param {{ event: string, cpu_us: number, wall_us: number, ops: number, dropped: string | null, at: number }} event */
  add(event) {
    const name = element('td', { class: 'inspector-code', title: timeOfDay(event.at) }, event.event);
    if (event.dropped) name.append(element('small', { class: 'inspector-why' }, event.dropped));
    const row = element('tr', {}, name, number(micros(event.cpu_us)), number(micros(event.wall_us)), number(String(event.ops)));
    row.toggleAttribute('data-slow', isSlow(event));
    row.toggleAttribute('data-dropped', Boolean(event.dropped));
    this.body.prepend(row);
    if (this.body.childElementCount > MOST) this.body.lastElementChild?.remove();
    this.#counted += 1;
    this.#slow += Number(isSlow(event));
    this.#show();
  }

  #show() {
    if (this.#counted <= 1) this.keep(this.#counted);
    const events = this.#counted === 1 ? '1 event' : `${this.#counted} events`;
    this.summary.textContent = this.#slow ? `${events}, ${this.#slow} slower than a frame` : `${events}, newest first`;
  }
}

export class StoragePanel {
  /** @param {HTMLElement} panel @param {() => void} ask */
  constructor(panel, ask) {
    this.ask = ask;
    const { body, whole } = table(['Key', '#Size', 'Value']);
    this.body = body;
    this.summary = element('p', {}, 'Asking…');
    this.meter = element('meter', { class: 'inspector-meter', min: '0', max: '1', 'aria-label': 'Used of the quota' });
    const refresh = element('button', { type: 'button', class: 'inspector-button' }, 'Refresh');
    const { list, says, keep } = listOf(whole, 'Storage', 'The app keeps nothing for this person.');
    this.keep = keep;
    panel.append(element('div', { class: 'inspector-tools' }, element('div', {}, this.summary, this.meter), refresh), list, says);
    refresh.addEventListener('click', ask);
  }

  /** @param {{ entries: { key: string, bytes: number, text: string }[], bytes: number, quota: number }} storage */
  show({ entries, bytes: used, quota }) {
    this.body.replaceChildren(...entries.map((entry) => element(
      'tr',
      {},
      element('td', { class: 'inspector-code' }, entry.key),
      number(bytes(entry.bytes)),
      element('td', { class: 'inspector-code' }, element('pre', {}, readable(entry.text))),
    )));
    this.keep(entries.length);
    this.summary.textContent = `${bytes(used)} of ${bytes(quota)} used`;
    this.meter.value = quota ? used / quota : 0;
  }
}

export class AppPanel {
  /** @param {HTMLElement} panel @param {{ token: string, restart: () => void }} options */
  constructor(panel, { token, restart }) {
    this.rows = element('dl');
    this.warnings = element('div');
    this.picture = `${BASE}/s/${token}/shot.png?scale=2&frame=1`;
    const paint = element('button', { type: 'button', class: 'inspector-button' }, 'Take a picture');
    const again = element('button', { type: 'button', class: 'inspector-button' }, 'Start again');
    this.place = element('div');
    const actions = element('div', { class: 'inspector-actions' }, paint, again);
    panel.append(element('div', { class: 'inspector-about' }, this.rows, this.warnings, actions, this.place));
    paint.addEventListener('click', () => this.#paint());
    again.addEventListener('click', restart);
  }

  /** @param {{ rows: [string, string][], warnings: string[] }} about */
  show({ rows, warnings }) {
    this.rows.replaceChildren(...rows.flatMap(([name, value]) => {
      const said = element('dd', {}, value);
      said.toggleAttribute('data-code', /^[0-9a-f]{16,}$/.test(value));
      return [element('dt', {}, name), said];
    }));
    const list = element('ul', {}, ...warnings.map((warning) => element('li', {}, warning)));
    this.warnings.replaceChildren(...(warnings.length ? [element('h3', {}, 'Warnings'), list] : []));
  }

  #paint() {
    const picture = element('img', { class: 'inspector-picture', alt: 'What the session shows', src: `${this.picture}&at=${Date.now()}` });
    picture.addEventListener('error', () => this.place.replaceChildren('The picture could not be painted.'));
    const link = element('a', { href: this.picture, target: '_blank', rel: 'noopener' }, picture);
    this.place.replaceChildren(link);
  }
}
