// Typing: what does not fit into a field is kept out, what is no number yet is kept from the app, and a word that is
// being composed (Chinese, Japanese, …) is nobody's business until it is there.

import { fieldOf, nodeOf, ruleOf, showSlider, takenOf } from './controls.js';
import { grow } from './showing.js';
import { fits, squeezed, taken } from './values.js';

/** Languages that are written by composing. On phones every other one seems to be: keyboards compose whole words there. */
const COMPOSED = /^(zh|yue|wuu|nan|hak|ja|ko)\b/i;

/** Whether the app waits for the end of a composition. */
export function waitsForComposition({ userAgent, languages } = navigator) {
  return !/Android/.test(userAgent) || languages.some((one) => COMPOSED.test(one));
}

export class Typing {
  /** The field in which a word is being composed. @type {any} */
  composing = null;
  /** What a field held, and where its selection was, before what happens to it now. @type {WeakMap<any, any>} */
  #before = new WeakMap();
  /** What a field held that the app could be told. @type {WeakMap<any, string>} */
  #good = new WeakMap();
  #enter = false;

  /**
   * @param {HTMLElement} box
   * @param {object} shell
   * @param {import('./controls.js').Drafts} shell.drafts
   * @param {(text: string) => void} shell.tell
   * @param {(node: Element, ready: boolean) => void} shell.edited
   * @param {() => void} shell.composed
   */
  constructor(box, shell) {
    this.shell = shell;
    box.addEventListener('beforeinput', (event) => this.#remember(event.target, event));
    box.addEventListener('input', (event) => this.#input(event));
    box.addEventListener('compositionstart', (event) => this.#begin(event.target));
    box.addEventListener('compositionend', (event) => this.#end(event.target));
  }

  /** Whether a key belongs to a composition. Safari ends it before it tells of the Enter that did. @param {KeyboardEvent} event */
  isComposedKey(event) {
    const composed = event.isComposing || event.keyCode === 229;
    if (composed) {
      this.#enter = true;
      setTimeout(() => (this.#enter = false));
    }
    return composed;
  }

  /** Whether what happens now follows from such a key. */
  justComposed() {
    return this.#enter;
  }

  /**
   * Whether a node holds what the app cannot be told. A field for text goes back to what it held before, and the person
   * is told why.
   * @param {Element} node
   */
  refused(node) {
    const field = fieldOf(node);
    const { refused } = takenOf(node);
    if (refused === undefined) return false;
    if (ruleOf(node)) this.#back(node, field, refused);
    else this.#mark(field, true);
    return true;
  }

  /** What a field last held that the app can be told. @param {Element} node @returns {{ text: string } | null} */
  lastRight(node) {
    const field = fieldOf(node);
    const [rule, text] = [ruleOf(node), this.#good.get(field)];
    const value = rule && text !== undefined ? taken(rule.kind, text, rule.most, field.defaultValue).value : undefined;
    return value === undefined ? null : { text: value };
  }

  /** The person left a node. @param {Element} node */
  left(node) {
    const field = fieldOf(node);
    const { refused, value } = takenOf(node);
    if (refused !== undefined) this.#back(node, field, refused);
    else if (ruleOf(node) && field.defaultValue === value && field.value !== value && heard(node)) field.value = value;
    this.shell.drafts.hold(field, false);
    this.#before.delete(field);
    this.#good.delete(field);
  }

  /** A field was cleared by its form. @param {Element} node */
  forget(node) {
    const field = fieldOf(node);
    this.#mark(field, false);
    this.#good.delete(field);
    this.shell.drafts.hold(field, false);
  }

  /** Back to what the field last held that was right. */
  #back(node, field, why) {
    field.value = this.#good.get(field) ?? field.defaultValue;
    this.#mark(field, false);
    this.shell.drafts.hold(field, false);
    this.shell.tell(why);
  }

  #remember(field, event) {
    if (!ruleOf(nodeOf(field)) || event.isComposing) return;
    this.#before.set(field, { text: field.value, from: field.selectionStart, to: field.selectionEnd });
  }

  #input(event) {
    const node = nodeOf(event.target);
    if (!node) return;
    if (node.matches('.lp-slider')) showSlider(node);
    if (event.isComposing && this.composing && waitsForComposition()) {
      this.shell.drafts.changed(event.target);
      return;
    }
    this.#edited(node);
  }

  #begin(field) {
    if (!ruleOf(nodeOf(field))) return;
    this.#remember(field, { isComposing: false });
    this.composing = field;
    this.shell.drafts.hold(field, true);
  }

  #end(field) {
    if (this.composing !== field) return;
    this.composing = null;
    this.shell.drafts.hold(field, false);
    const node = nodeOf(field);
    if (node?.isConnected) this.#edited(node);
    this.shell.composed();
  }

  #edited(node) {
    const rule = ruleOf(node);
    if (!rule) return this.shell.edited(node, true);
    const field = fieldOf(node);
    if (rule.kind === 'number' || rule.kind === 'decimal') this.#keepShort(field, rule);
    else this.#keepWithin(field, rule);
    grow(field);
    const { value, refused, begun } = takenOf(node);
    if (value !== undefined && !begun) this.#good.set(field, field.value);
    if (refused !== undefined && !begun && !field.hasAttribute('aria-invalid')) this.shell.tell(refused);
    this.#mark(field, refused !== undefined && !begun);
    const ready = value !== undefined && !begun;
    // Answers to what was typed before must not take the beginnings of a number away.
    this.shell.drafts.hold(field, !ready || this.composing === field);
    this.shell.edited(node, ready);
  }

  /** No digit goes in that is one too many. */
  #keepShort(field, { kind, most }) {
    const before = this.#before.get(field);
    const longer = before && field.value.length > before.text.length;
    if (!longer || most === Infinity) return;
    const digits = (/** @type {string} */ text) => text.replace(/[^\p{Nd}]/gu, '').length;
    const room = kind === 'decimal' ? most - 1 : most;
    if (digits(field.value) <= room || digits(before.text) > room) return;
    field.value = before.text;
    field.setSelectionRange?.(before.from, before.to);
    this.shell.tell(`There is room for ${most} characters.`);
  }

  /** Of what was put in only so much goes in as there is room for; what was there stays. */
  #keepWithin(field, { most }) {
    if (fits(field.value, most)) return;
    const before = this.#before.get(field) ?? { text: '', from: 0, to: 0 };
    const [head, tail] = [before.text.slice(0, before.from ?? 0), before.text.slice(before.to ?? 0)];
    const now = field.value;
    const fitting = now.length >= head.length + tail.length && now.startsWith(head) && now.endsWith(tail);
    const [start, end] = fitting ? [head, tail] : ['', ''];
    const inserted = squeezed(start, now.slice(start.length, now.length - end.length), end, most);
    field.value = start + inserted + end;
    const at = start.length + inserted.length;
    field.setSelectionRange?.(at, at);
    this.shell.tell(most === Infinity ? 'There is no room for that much text.' : `There is room for ${most} characters.`);
  }

  #mark(field, wrong) {
    if (wrong) field.setAttribute('aria-invalid', 'true');
    else field.removeAttribute('aria-invalid');
  }
}

/** Whether the app hears of a node's value before its form is sent. @param {Element} node */
function heard(node) {
  return /\b(input|change)\b/.test(node.getAttribute('data-on') ?? '');
}
