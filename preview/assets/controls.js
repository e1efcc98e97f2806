// What controls hold: read for events and forms, set by patches without getting in the person's way.

import { moved } from './caret.js';
import { Draft } from './draft.js';
import { taken } from './values.js';

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
 * By which rule a field for text takes what is typed; `null` for everything else.
 * @param {Element | null} node
 * @returns {{ kind: import('./values.js').Kind, most: number } | null}
 */
export function ruleOf(node) {
  const kind = node ? kindOf(node) : '';
  if (!node || (kind !== 'input' && kind !== 'textarea')) return null;
  const most = Number(node.getAttribute('data-max') ?? Infinity);
  if (kind === 'textarea') return { kind: 'lines', most };
  const kinds = { numeric: 'number', decimal: 'decimal', email: 'email' };
  return { kind: kinds[node.getAttribute('inputmode') ?? ''] ?? 'line', most };
}

/**
 * What a field for text, a date or a time holds, as the app hears it, or why the app hears nothing of it.
 * @param {Element} node
 * @returns {import('./values.js').Taken}
 */
export function takenOf(node) {
  const field = fieldOf(node);
  const rule = ruleOf(node);
  if (rule) return taken(rule.kind, field.value, rule.most, field.defaultValue);
  if (kindOf(node) !== 'picker' || field.localName === 'select' || field.validity.valid) return { value: field.value };
  if (field.validity.badInput) return { refused: 'That does not exist in the calendar or on the clock.', begun: true };
  const bounds = [field.min && `from ${field.min}`, field.max && `to ${field.max}`].filter(Boolean);
  return { refused: `It can be ${bounds.join(' ')}.` };
}

/** The first field within a form that holds what it cannot. @param {Element} form */
export function refusedIn(form) {
  for (const node of form.querySelectorAll('[data-f]')) {
    const { refused } = takenOf(node);
    if (refused !== undefined && !fieldOf(node).disabled) return { node, refused };
  }
  return null;
}

/**
 * What a node's control holds; `null` where nothing is chosen, or nothing that it takes.
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
      if (field.localName === 'select') return field.value === '' ? null : { index: Number(field.value) };
      return textOf(node);
    case 'input':
    case 'textarea':
      return textOf(node);
    default:
      return { text: field.value ?? '' };
  }
}

/** @param {Element} node */
function textOf(node) {
  const { value } = takenOf(node);
  return value === undefined ? null : { text: value };
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
    one.timer = setTimeout(() => this.#settle(field, one), one.draft.patience);
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
  if (name === 'value' && field[name] !== value) write(field, value);
  else if (field[name] !== value) field[name] = value;
  if (name === 'checked') field.defaultChecked = value;
  else if (name === 'value' && field.localName === 'select') {
    for (const option of field.options) option.defaultSelected = option.value === value;
  } else if (name === 'value') field.defaultValue = value;
  if (field.type === 'range') showSlider(field.parentElement);
}

/**
 * Puts the app's text into a field. Where the person is in it, what they wrote in their own way stays (12,5 for 12.5),
 * and so does the caret's place between the characters.
 */
function write(field, value) {
  const rule = ruleOf(field);
  if (!rule || document.activeElement !== field || field.selectionStart === null) {
    field.value = value;
    return;
  }
  if (['number', 'decimal', 'email'].includes(rule.kind) && taken(rule.kind, field.value, rule.most).value === value) return;
  const { value: text, selectionStart: start, selectionEnd: end, selectionDirection: way } = field;
  field.value = value;
  const from = moved(text, start, value);
  field.setSelectionRange(from, start === end ? from : moved(text, end, value), way);
}
