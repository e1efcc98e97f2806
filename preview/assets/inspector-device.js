// The device lab: every part of the person's simulated device, what it is set to, and how it is set. A part that nobody wrote
// a panel for is set by its line of words, as `lapak run` sets it.

import { LocationPanel } from './inspector-location.js';
import { PANELS } from './inspector-parts.js';
import { element } from './overlays.js';

/** Names of parts, for people. */
const TITLES = { device: 'Appearance', motion: 'Motion and compass', scan: 'Scanner', network: 'Network', bluetooth: 'Bluetooth' };

export class DevicePanel {
  /** @type {Map<string, { state: HTMLElement, panel: { show: (state: any) => void } | null }>} */
  #parts = new Map();

  /** @param {HTMLElement} panel @param {HTMLElement} tab @param {(message: import('./outbox.js').Message) => void} tell */
  constructor(panel, tab, tell) {
    this.tell = tell;
    this.tab = tab;
    this.error = element('p', { class: 'device-error', role: 'alert', hidden: '' });
    this.cards = element('div', { class: 'device-cards' });
    panel.append(
      element('div', { class: 'inspector-tools' }, element('p', {}, 'A simulated device, yours in every app of this server')),
      this.error,
      this.cards,
    );
  }

  ask() {
    this.tell({ t: 'device' });
  }

  /** @param {{ parts: { [name: string]: any } | null, error: string | null }} device `parts` is null where devices are real */
  show({ parts, error }) {
    this.tab.hidden = parts === null;
    this.error.hidden = error === null;
    this.error.textContent = error;
    for (const [name, state] of Object.entries(parts ?? {})) {
      if (!this.#parts.has(name)) this.#parts.set(name, this.#card(name));
      const part = this.#parts.get(name);
      part.state.textContent = inWords(state);
      part.panel?.show(state);
    }
  }

  #card(name) {
    const set = (/** @type {string} */ words) => this.tell({ t: 'device', line: `${name} ${words}` });
    const panel = name === 'location' ? new LocationPanel(set) : (PANELS[name]?.(set) ?? null);
    const state = element('output', { class: 'device-state' });
    const title = TITLES[name] ?? name[0].toUpperCase() + name.slice(1);
    const card = element('section', { class: 'device-card', 'data-part': name, 'aria-label': title },
      element('header', {}, element('h3', {}, title), state));
    if (panel) card.append(panel.element);
    card.append(line(name, set));
    if (name === 'location') this.cards.prepend(card);
    else this.cards.append(card);
    return { state, panel };
  }
}

/** The line of words that scripts use, too. */
function line(name, set) {
  const words = element('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', 'aria-label': `Words that set ${name}`, placeholder: 'words…' });
  const form = element('form', { class: 'device-line' }, element('code', {}, name), words, element('button', { class: 'inspector-button' }, 'Set'));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    set(words.value.trim());
  });
  return form;
}

/** What a part is set to, on one line. @param {any} state */
function inWords(state) {
  if (state === null) return 'off';
  if (typeof state !== 'object') return String(state);
  const plain = (/** @type {any} */ value) => {
    if (typeof value === 'number') return String(Math.round(value * 1e6) / 1e6);
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  };
  return Object.entries(state).map(([key, value]) => `${key} ${plain(value)}`).join(', ');
}
