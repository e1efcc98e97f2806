// Painting pages: whole ones, changes to them, and what goes with the change from one to another.

import { BASE, byId, showBars, showTitle, showWindow } from './chrome.js';
import { Drafts, fieldOf, nodeOf, putBack, unsaid } from './controls.js';
import { Nodes, parse } from './patch.js';
import { Positions } from './scrolling.js';
import * as showing from './showing.js';

/** @typedef {import('./chrome.js').Page} Page */

const calm = matchMedia('(prefers-reduced-motion: reduce)');
const SLIDE_MS = 150;
/** What a keyboard can use. */
const USABLE = ':is(button, input, select, textarea):enabled, [tabindex="0"]';

export class Pages {
  /** What is shown: the last `page` message, `v` and `title` as patches left them. @type {Page} */
  shown;
  /** Whether the shell itself moves focus about. */
  busy = false;
  #positions = new Positions();
  /** Whether the next page is another session's, whatever its number. */
  #other = false;

  /**
   * @param {Page} first what the document came with
   * @param {object} options
   * @param {(field: Element) => boolean} options.waits
   * @param {import('./swiper.js').Swipers} options.swipers
   * @param {() => void} options.changed after every change
   */
  constructor(first, { waits, swipers, changed }) {
    this.box = byId('box');
    this.shown = first;
    this.drafts = new Drafts(waits);
    this.swipers = swipers;
    this.changed = changed;
    /** Elements whose `autofocus` has to be kept. @type {Element[]} */
    this.fresh = [];
    /** Lists that name a child to scroll to. @type {Set<Element>} */
    this.reveals = new Set();
    this.nodes = new Nodes({
      property: (field, name, value) => {
        this.drafts.property(field, name, value);
        if (name === 'value') showing.grow(field);
      },
      inserted: (element) => {
        swipers.adopt(element);
        this.fresh.push(element);
      },
      attribute: (element) => {
        if (element.matches('.lp-swiper')) swipers.said(element);
        if (element.matches('[data-grows]')) showing.grow(element);
        // When the patch is done: the child may come in it.
        if (element.hasAttribute('data-reveal')) this.reveals.add(element);
      },
      children: (container) => {
        if (container.matches('.lp-track')) swipers.children(container);
      },
    });
    this.#adopt(this.app);
    showing.adopt(this.app);
    this.#autofocus([this.app]);
  }

  /** The app's box. @returns {HTMLElement} */
  get app() {
    return this.box.firstElementChild;
  }

  /** Nothing of what was seen counts any more: the session will be another. */
  forget() {
    this.#other = true;
    this.#positions.clear();
    this.drafts.clear();
  }

  /** @param {Page} page */
  paint(page) {
    const before = this.shown;
    const newApp = page.app !== before.app;
    const sameRoute = page.route === before.route && !this.#other;
    const same = page.page === before.page && sameRoute && !newApp;
    const reloaded = newApp && sameRoute;
    const app = /** @type {HTMLElement} */ (parse(page.html));
    const focus = same || reloaded ? this.#focus() : null;
    const typed = same ? unsaid(this.app) : null;

    if (newApp) this.#positions.clear();
    if (!this.#other) this.#positions.remember(before.page, this.app);
    if (reloaded) this.#positions.remember(page.page, this.app);
    this.busy = true;
    this.box.replaceChildren(app);
    this.shown = page;
    this.#other = false;
    this.drafts.clear();
    if (typed) putBack(typed, app);
    this.#style(page.css);
    showWindow(page);
    showBars(page);
    this.#adopt(app);
    this.#positions.restore(page.page, app);
    if (!same) showing.adopt(app);
    else app.querySelectorAll('[data-grows]').forEach(showing.grow);
    if (focus) this.#refocus(focus);
    else if (!same && !reloaded && !this.#autofocus([app]) && before.v > 0) this.box.focus({ preventScroll: true });
    this.busy = false;
    if (!same && !reloaded) slide(app, before, page);
    this.changed();
  }

  /** Whether a patch would take a field out of the person's hands. @param {{ ops: any[] }} patch @param {Element} field */
  disturbs(patch, field) {
    return patch.ops.some(([what, id, changes]) => {
      const element = what === 'i' ? null : this.nodes.find(id);
      if (!element?.contains(field)) return false;
      if (what !== 'u') return true;
      const own = element === nodeOf(field);
      return changes.some(([kind, name]) => (kind === 'h' || (own && (kind === 'a' || name === 'disabled'))));
    });
  }

  /** @param {{ v: number, ops: any[], title?: string }} patch the next version */
  patch(patch) {
    const focus = this.#focus();
    this.busy = true;
    try {
      this.nodes.apply(patch.ops);
    } finally {
      this.busy = false;
    }
    this.shown.v = patch.v;
    if (patch.title !== undefined) {
      this.shown.title = patch.title;
      showTitle(patch.title, this.shown.name);
    }
    if (focus && document.activeElement !== focus.element) {
      this.busy = true;
      this.#refocus(focus);
      this.busy = false;
    }
    for (const list of this.reveals) showing.reveal(list, true);
    this.reveals.clear();
    for (const element of this.fresh) if (element.isConnected) showing.adopt(element);
    this.#autofocus(this.fresh.splice(0));
    this.changed();
  }

  /** @param {Element} app */
  #adopt(app) {
    this.nodes.adopt(app);
    this.swipers.adopt(app);
  }

  /** Focuses the first field that wants it. @param {Element[]} fresh */
  #autofocus(fresh) {
    for (const element of fresh) {
      const wants = element.matches('[autofocus]') ? element : element.querySelector('[autofocus]');
      if (!wants?.isConnected) continue;
      fieldOf(wants).focus({ preventScroll: calm.matches });
      return true;
    }
    return false;
  }

  /** What has the focus, and how to find it again. */
  #focus() {
    const element = /** @type {any} */ (document.activeElement);
    const node = this.app.contains(element) ? nodeOf(element) : null;
    if (!node) return null;
    const typed = element.localName === 'textarea' || (element.localName === 'input' && element.selectionStart !== null);
    return {
      element,
      node,
      id: Number(node.getAttribute('data-n')),
      key: node.getAttribute('data-key'),
      selection: typed ? [element.selectionStart, element.selectionEnd, element.selectionDirection] : null,
      around: around(node, this.app),
      visible: element.matches(':focus-visible'),
    };
  }

  /** @param {NonNullable<ReturnType<Pages['#focus']>>} focus */
  #refocus({ element, node, id, key, selection, around, visible }) {
    let target = element.isConnected ? element : null;
    if (!target) {
      // Keys name a node among its siblings; in a whole new page its siblings are gone too.
      const place = around.find((one) => one.isConnected) ?? this.app;
      const successor = this.nodes.find(id) ?? (key && place.querySelector(`[data-key="${CSS.escape(key)}"]`));
      const same = successor && successor.localName === node.localName ? successor : null;
      // Who uses a keyboard goes on beside what went away, and need not start from the top.
      const beside = visible && place !== this.app ? place.querySelector(USABLE) : null;
      target = same ? fieldOf(same) : (beside ?? this.box);
      if (!same) selection = null;
    }
    target.focus({ preventScroll: true });
    if (selection) target.setSelectionRange?.(...selection);
  }

  /** The app's style sheet, when it is another. The old one stays until the new one is there. @param {string} css */
  #style(css) {
    const old = byId('app-css');
    const href = `${BASE}/s/${document.body.dataset.token}/${css}`;
    if (old.getAttribute('href') === href) return;
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = href;
    link.id = 'app-css';
    old.id = '';
    const done = () => old.remove();
    link.addEventListener('load', done);
    link.addEventListener('error', done);
    old.after(link);
  }
}

/** The nodes that a node is in, from the nearest to the outermost. @param {Element} node @param {Element} app */
function around(node, app) {
  const found = [];
  for (let one = node.parentElement; one && one !== app; one = one.parentElement) found.push(one);
  return found;
}

/** Deeper pages come from the side to which one reads, tabs fade in. @param {Page} before @param {Page} page */
function slide(app, before, page) {
  if (calm.matches || before.v === 0 || document.hidden) return;
  const way = Math.sign(page.depth - before.depth) * (getComputedStyle(app).direction === 'rtl' ? -1 : 1);
  app.animate(
    [{ opacity: way ? 0.4 : 0, translate: `${way * 28}px 0` }, { opacity: 1, translate: '0 0' }],
    { duration: SLIDE_MS, easing: 'cubic-bezier(.2, .7, .3, 1)' },
  );
}
