// The nodes on show, and what patches do to them; see preview/src/html/wire.rs.

/**
 * @typedef {[kind: 'a' | 'p' | 't' | 'h', name: string, value: string | boolean | null, part?: string]} Change
 * @typedef {['i', number | null, number | null, string] | ['r', number] | ['m', number, number | null]
 *   | ['u', number, Change[]]} Operation
 * @typedef {object} Keeper what the rest of the shell does about changes
 * @property {(element: Element, name: string, value: string | boolean) => void} property sets a live property
 * @property {(element: Element) => void} inserted an element and all in it is new
 * @property {(element: Element) => void} attribute an attribute of the node's own element changed
 * @property {(container: Element) => void} children children were inserted, removed or moved
 */

/** A patch that does not fit what is shown. */
export class Misfit extends Error {}

/**
 * The one element that a text of the generator's describes.
 * @param {string} html
 */
export function parse(html) {
  const template = document.createElement('template');
  template.innerHTML = html;
  const element = template.content.firstElementChild;
  if (!element) throw new Misfit('no element in the HTML');
  return document.importNode(element, true);
}

/** What children in a list must say that they are. @param {Element} element */
function keepListItem(element) {
  if (element.parentElement?.getAttribute('role') === 'list' && !element.hasAttribute('role')) {
    element.setAttribute('role', 'listitem');
  }
}

export class Nodes {
  /** @type {Map<number, Element>} */
  #known = new Map();
  /** @type {Element | null} What scrolls; holds the roots. */
  page = null;

  /** @param {Keeper} keeper */
  constructor(keeper) {
    this.keeper = keeper;
  }

  /** @param {Element} app the app's box */
  adopt(app) {
    this.#known.clear();
    this.page = app.querySelector('.lp-page');
    this.#remember(app);
  }

  /** @param {number} id */
  find(id) {
    return this.#known.get(id) ?? null;
  }

  get size() {
    return this.#known.size;
  }

  /** @param {Operation[]} operations in order */
  apply(operations) {
    for (const operation of operations) {
      switch (operation[0]) {
        case 'i':
          this.#insert(operation[1], operation[2], operation[3]);
          break;
        case 'r':
          this.#remove(operation[1]);
          break;
        case 'm':
          this.#move(operation[1], operation[2]);
          break;
        case 'u':
          for (const change of operation[2]) this.#change(this.#get(operation[1]), change);
          break;
        default:
          throw new Misfit(`no such operation: ${operation[0]}`);
      }
    }
  }

  /** @param {number} id */
  #get(id) {
    const element = this.#known.get(id);
    if (!element) throw new Misfit(`no node ${id}`);
    return element;
  }

  /** Where a node's children are. @param {number | null} id @returns {Element} */
  #container(id) {
    if (id === null) {
      if (!this.page) throw new Misfit('no page');
      return this.page;
    }
    const element = this.#get(id);
    return element.querySelector(':scope > [data-c]') ?? element;
  }

  /** @param {number | null} before @param {Element} container */
  #place(before, container) {
    if (before === null) return null;
    const element = this.#get(before);
    if (element.parentElement !== container) throw new Misfit(`${before} is not in there`);
    return element;
  }

  #insert(parent, before, html) {
    const container = this.#container(parent);
    const element = parse(html);
    container.insertBefore(element, this.#place(before, container));
    this.#remember(element);
    keepListItem(element);
    this.keeper.inserted(element);
    this.keeper.children(container);
  }

  #remove(id) {
    const element = this.#get(id);
    const container = element.parentElement;
    element.remove();
    this.#forget(element);
    if (container) this.keeper.children(container);
  }

  #move(id, before) {
    const element = this.#get(id);
    const container = element.parentElement;
    if (!container) throw new Misfit(`${id} is nowhere`);
    const place = this.#place(before, container);
    // Where browsers know it, this keeps focus, scroll positions and animations.
    if ('moveBefore' in container) container.moveBefore(element, place);
    else container.insertBefore(element, place);
    this.keeper.children(container);
  }

  /** @param {Element} own @param {Change} change */
  #change(own, [kind, name, value, part]) {
    const element = part === undefined ? own : own.querySelector(`:scope > [data-p="${part}"]`);
    if (!element) throw new Misfit(`no part ${part}`);
    switch (kind) {
      case 'a':
        if (value === null) element.removeAttribute(name);
        else element.setAttribute(name, String(value));
        if (name === 'role') keepListItem(element);
        if (element === own) this.keeper.attribute(own);
        break;
      case 'p':
        this.keeper.property(element, name, /** @type {string | boolean} */ (value));
        break;
      case 't':
        element.textContent = String(value);
        break;
      case 'h':
        element.innerHTML = String(value);
        break;
      default:
        throw new Misfit(`no such change: ${kind}`);
    }
  }

  /** @param {Element} element */
  #remember(element) {
    if (element.hasAttribute('data-n')) this.#known.set(Number(element.getAttribute('data-n')), element);
    for (const one of element.querySelectorAll('[data-n]')) this.#known.set(Number(one.getAttribute('data-n')), one);
  }

  /** @param {Element} element */
  #forget(element) {
    const forget = (/** @type {Element} */ one) => {
      const id = Number(one.getAttribute('data-n'));
      if (this.#known.get(id) === one) this.#known.delete(id);
    };
    forget(element);
    element.querySelectorAll('[data-n]').forEach(forget);
  }
}
