// What controls hold: read for events and forms, set by patches without getting in the person's way.

import { Draft, SETTLE_MS } from './draft.js';

/** @typedef {{ text: string } | { toggled: boolean } | { number: number } | { index: number }} Value */

/** The node that an element belongs to. @param {EventTarget | null} target @returns {HTMLElement | null} */
export function nodeOf(target) {
  return target instanceof Element ? target.closest('[data-n]') : null;
}

/** The number of a node. @param {Element} node */
export function idOf(node) {
  return Number(node.getAttribute('data-n'));
}

/** The kind of a node: its first class without `lp-`. @param {Element} node */
export function kindOf(node) {
  const first = (node.getAttribute('class') ?? '').split(' ', 1)[0];
  return first.startsWith('lp-') ? first.slice(3) : first;
}

/** What takes a node's focus and value. @param {Element} node @returns {any} */
export function fieldOf(node) {
  return node.querySelector(':scope > [data-p="field"]') ?? node;
}

/**
 * What a node's control holds; `null` where nothing is chosen.
 * @param {Element} node
 * @returns {Value | null}
 */
export function valueOf(node) {
  const field = fieldOf(node);
  switch (kindOf(node)) {
    case 'checkbox':
    case 'switch':
      return { toggled: field.checked };
    case 'slider':
      return { number: Number(field.value) };
    case 'radio':
      return field.checked ? { text: field.value } : null;
    case 'picker':
      if (field.localName !== 'select') return { text: field.value };
      return field.value === '' ? null : { index: Number(field.value) };
    default:
      return { text: field.value ?? '' };
  }
}

/** Every field of a form that holds something. @param {Element} form */
export function collect(form) {
  const fields = [];
  for (const node of form.querySelectorAll('[data-f]')) {
    const value = valueOf(node);
    if (value !== null) fields.push({ name: node.getAttribute('data-f'), value });
  }
  return { fields };
}

/**
 * What was typed and chosen in fields of which the app hears nothing until their form is sent.
 * @param {Element} app
 * @returns {Map<number, { tag: string, value: string, checked: boolean }>}
 */
export function unsaid(app) {
  const kept = new Map();
  for (const node of app.querySelectorAll('[data-n]:is(.lp-input, .lp-textarea, .lp-checkbox, .lp-switch, .lp-radio)')) {
    const { localName: tag, value, checked, defaultValue, defaultChecked } = /** @type {any} */ (node);
    const heard = /\b(input|change)\b/.test(node.getAttribute('data-on') ?? '');
    const changed = value !== defaultValue || checked !== defaultChecked;
    if (changed && !heard) kept.set(idOf(node), { tag, value, checked });
  }
  return kept;
}

/** Puts it back into the same page, painted anew. @param {ReturnType<typeof unsaid>} kept @param {Element} app */
export function putBack(kept, app) {
  for (const [id, { tag, value, checked }] of kept) {
    const node = /** @type {any} */ (app.querySelector(`${tag}[data-n="${id}"]`));
    if (!node) continue;
    if (node.type === 'checkbox' || node.type === 'radio') node.checked = checked;
    else node.value = value;
  }
}

/** Writes a slider's value beside it. @param {Element | null} node */
export function showSlider(node) {
  const shown = node?.querySelector(':scope > [data-p="shown"]');
  if (shown) shown.textContent = fieldOf(node).value;
}

/** Radios exclude one another in the whole page, browsers only do it within a form. @param {any} chosen */
export function uncheckOthers(chosen) {
  for (const other of chosen.closest('.lp-page')?.querySelectorAll('.lp-radio') ?? []) {
    if (other !== chosen && other.name === chosen.name) other.checked = false;
  }
}

/** Keeps what was typed or dragged from being undone by answers to older values; see draft.js. */
export class Drafts {
  /** @type {Map<any, { draft: Draft, timer: number, held: boolean }>} */
  #open = new Map();

  /** @param {(field: Element) => boolean} waits whether an event of this field has not been taken */
  constructor(waits) {
    this.waits = waits;
  }

  /** The person changed a field. @param {any} field */
  changed(field) {
    const one = this.#of(field);
    one.draft.changed();
    this.#settleLater(field, one);
  }

  /** A field's value was sent. @param {any} field @param {string | boolean} value */
  sent(field, value) {
    const one = this.#of(field);
    one.draft.sent(value);
    this.#settleLater(field, one);
  }

  /** The person holds a field, or no longer does. @param {any} field @param {boolean} held */
  hold(field, held) {
    if (!held && !this.#open.has(field)) return;
    const one = this.#of(field);
    one.held = held;
    this.#settleLater(field, one);
  }

  /** Fields begin anew. */
  clear() {
    for (const { timer } of this.#open.values()) clearTimeout(timer);
    this.#open.clear();
  }

  /**
   * The app says a live property.
   * @param {any} field
   * @param {string} name
   * @param {string | boolean} value
   */
  property(field, name, value) {
    const one = name === 'disabled' ? undefined : this.#open.get(field);
    if (one && !one.draft.answered(value, one.held)) {
      this.#settleLater(field, one);
      return;
    }
    set(field, name, value);
  }

  #of(field) {
    let one = this.#open.get(field);
    if (!one) {
      one = { draft: new Draft(), timer: 0, held: false };
      this.#open.set(field, one);
    }
    return one;
  }

  #settleLater(field, one) {
    clearTimeout(one.timer);
    one.timer = setTimeout(() => this.#settle(field, one), SETTLE_MS);
  }

  #settle(field, one) {
    if (field.isConnected && (one.held || this.waits(field))) {
      this.#settleLater(field, one);
      return;
    }
    this.#open.delete(field);
    const value = one.draft.settle();
    if (value !== undefined) set(field, typeof value === 'boolean' ? 'checked' : 'value', value);
  }
}

/** Sets a live property, and what a form's reset goes back to. */
function set(field, name, value) {
  if (field[name] !== value) field[name] = value;
  if (name === 'checked') field.defaultChecked = value;
  else if (name === 'value' && field.localName === 'select') {
    for (const option of field.options) option.defaultSelected = option.value === value;
  } else if (name === 'value') field.defaultValue = value;
  if (field.type === 'range') showSlider(field.parentElement);
}
