// The payment sheet: who wants to be paid, what for, how much, from where; and the PIN that agrees to it.
//
// The host's page draws it, in the browser's top layer, from what the host checked. No app has a script here, no app's
// style leaves the app's box, and nothing of an app's is in the top layer: so an app can neither draw, cover, style nor
// tap it. One sheet is decided at a time; the next one waits.

import { PinEntry } from './sheet-pin.js';
import { actions, answer, consent, head, openApp, review, title } from './sheet-faces.js';
import { Guard } from './sheet-guard.js';
import { spoken, textsFor } from './sheet-texts.js';
import { remaining } from './money.js';
import { element } from './overlays.js';

/**
 * @typedef {object} Sheet as the message `sheets` has it; see PROTOCOL.md
 * @property {number} id
 * @property {'payment' | 'consent' | 'open-app'} asks
 * @property {string} app
 * @property {number} left_ms
 * @property {'open' | 'waiting'} stage
 * @property {'order' | 'transfer' | 'bill'} kind
 * @property {string} to
 * @property {string} to_id
 * @property {{ title: string, quantity: number, amount: string }[] | { name: string, value: string }[]} lines of an order; of a
 *   consent what exactly
 * @property {string} amount
 * @property {string} currency
 * @property {string} reference
 * @property {string} note
 * @property {{ id: string, available: string }} account
 * @property {{ name: string, simulated: boolean }} provider
 * @property {boolean} has_pin
 * @property {string} capability what a consent is about
 * @property {string} allows
 * @property {string | null} reason
 * @property {string[]} takes the answers that a consent takes
 * @property {string} opens the other app's id
 * @property {string} uri
 */

/** The answers to what an app wants to use, by the names of their buttons. */
const CONSENTS = [['allow', 'always'], ['while', 'while-in-use'], ['once', 'once'], ['refuse', 'no']];

/** How long what came of a sheet may be behind the list that does not have it any more, in milliseconds. */
const BEHIND_MS = 1_500;

export class PaymentSheet {
  /** @type {Sheet[]} */
  #sheets = [];
  /** What is on show. @type {Sheet | null} */
  #shown = null;
  /** @type {'review' | 'pin' | 'paying' | 'done'} */
  #step = 'review';
  #live = true;
  #ends = Infinity;
  #tick = 0;
  /** @type {Element | null} */
  #before = null;
  /** What came of the sheet on show. @type {any} */
  #outcome = null;
  #said = '';
  /** Our answer is on its way: until the server says something about it. */
  #asked = false;
  #locked = false;
  /** Waits for what came of a sheet that is open no more. */
  #gone = 0;
  /** Whether the next list is the first of a connection: what came of sheets meanwhile is not told any more. */
  #anew = false;
  /** What was drawn last. */
  #drawn = '';

  /**
   * @param {object} options
   * @param {any} options.dialog
   * @param {Element} options.screen the phone's, over whose lower part it lies
   * @param {any} options.strip where the host says who draws, above everything
   * @param {any} options.lit the same while a sheet is open
   * @param {{ picture: string, colour: number, words: string }} options.sign the person's own
   * @param {(message: import('./outbox.js').Message) => boolean} options.tell
   */
  constructor({ dialog, screen, strip, lit, sign, tell }) {
    this.dialog = dialog;
    this.screen = screen;
    this.strip = strip;
    this.lit = lit;
    this.sign = sign;
    this.tell = tell;
    this.lang = 'en';
    this.say = textsFor('en');
    this.body = element('div', { class: 'sheet-body' });
    this.status = element('p', { class: 'sheet-status', role: 'status', 'aria-live': 'polite' });
    this.pin = new PinEntry({ changed: () => this.#enable(), entered: () => this.#agree() });
    this.guard = new Guard({ changed: () => this.#enable() });
    this.dialog.append(this.body, this.status);
    this.#listen();
  }

  /** The language and the colours of the session. @param {{ lang: string, scheme: string }} page */
  dress({ lang, scheme }) {
    this.dialog.dataset.scheme = scheme;
    this.dialog.lang = spoken(lang);
    if (lang === this.lang) return;
    this.lang = lang;
    this.say = textsFor(lang);
    if (this.#shown) this.#draw();
  }

  /** @param {any} message @returns {boolean} whether it was one for the sheet */
  heard(message) {
    switch (message.t) {
      case 'sheets':
        this.#told(message.sheets);
        return true;
      case 'sheet-refused':
        this.#refused(message);
        return true;
      case 'sheet-done':
        this.#done(message);
        return true;
      default:
        return false;
    }
  }

  /** Without a connection nothing can be decided. @param {boolean} live */
  connection(live) {
    this.#live = this.#anew = live;
    if (!this.#shown || this.#step === 'done') return;
    // Whether our answer arrived, the server's next list of sheets tells.
    if (this.#asked && this.#step === 'paying') this.#go('pin');
    this.#asked = false;
    this.#announce(live ? '' : this.say('away'));
    this.#enable();
  }

  /** The server tells which sheets are open. @param {Sheet[]} sheets */
  #told(sheets) {
    const anew = this.#anew;
    this.#anew = false;
    this.#all(sheets, anew);
  }

  /** Every sheet that is open, the oldest first. @param {Sheet[]} sheets @param {boolean} anew */
  #all(sheets, anew) {
    this.#sheets = sheets;
    // What came of a sheet stays until the person has read it.
    if (this.#step === 'done' && this.#shown) return this.#draw();
    const shown = this.#shown;
    // The bank was quick: the list is as it is now, and what came of the sheet is on its way.
    if (shown && !anew && !sheets.some(({ id }) => id === shown.id)) {
      this.#gone ||= setTimeout(() => this.#next(), BEHIND_MS);
      return undefined;
    }
    this.#forgetGone();
    const first = sheets[0] ?? null;
    if (!first) return this.#close();
    const same = this.#shown?.id === first.id;
    this.#shown = first;
    this.#ends = performance.now() + first.left_ms;
    if (!same) this.#begin();
    else if (first.stage === 'waiting') this.#wait();
    else if (!this.#asked) this.#drawIfOther();
    return undefined;
  }

  /** The bank is at work. */
  #wait() {
    this.#asked = false;
    if (this.#step !== 'paying') this.#go('paying');
  }

  /** A sheet comes up. */
  #begin() {
    this.#outcome = null;
    this.#asked = false;
    this.pin.clear();
    if (!this.dialog.open) {
      this.#before = document.activeElement;
      this.#place();
      this.dialog.showModal();
      this.#light();
    }
    clearInterval(this.#tick);
    this.#tick = setInterval(() => this.#count(), 1_000);
    this.#go(this.#shown?.stage === 'waiting' ? 'paying' : 'review');
  }

  /** The strip says that it is the host that asks: last into the top layer, so above the dimmed page. */
  #light() {
    if (this.lit.matches(':popover-open')) this.lit.hidePopover();
    this.lit.textContent = this.say('lit');
    this.lit.showPopover();
  }

  #close() {
    clearInterval(this.#tick);
    this.guard.rest();
    this.pin.clear();
    this.#shown = null;
    this.#step = 'review';
    if (!this.dialog.open) return;
    this.dialog.close();
    this.lit.hidePopover();
    this.body.replaceChildren();
    if (this.#before instanceof HTMLElement && this.#before.isConnected) this.#before.focus({ preventScroll: true });
    this.#before = null;
  }

  /** @param {typeof this.#step} step */
  #go(step) {
    this.#step = step;
    this.#said = '';
    if (step === 'pin') this.pin.begin(this.#shown?.has_pin === false);
    this.body.replaceChildren();
    this.#draw();
    this.guard.disturb();
    this.#focus();
  }

  #focus() {
    if (this.#step === 'pin') this.pin.focus();
    else this.body.querySelector('h2')?.focus({ preventScroll: true });
  }

  /** What the sheet looks like; how much time is left is told beside it. */
  #look() {
    const { left_ms: _, ...sheet } = /** @type {Sheet} */ (this.#shown);
    return JSON.stringify([sheet, this.lang, this.#step, this.#sheets.length, this.#locked]);
  }

  /** A button that is drawn anew between press and release takes no click: what is the same stays. */
  #drawIfOther() {
    if (this.#look() !== this.#drawn) return this.#draw();
    this.#count();
    return this.#enable();
  }

  #draw() {
    const sheet = this.#shown;
    if (!sheet) return;
    this.#drawn = this.#look();
    const look = { sheet, say: this.say, lang: this.lang, step: this.#step, waiting: this.#sheets.length, locked: this.#locked, sign: this.sign };
    // Whoever is typing a PIN keeps their place.
    if (this.#step !== 'pin' || !this.body.contains(this.pin.field)) {
      const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.sheet : undefined;
      this.body.replaceChildren(head(look), ...this.#face(look));
      if (focused) this.#buttonOf(focused)?.focus({ preventScroll: true });
    }
    this.dialog.dataset.step = this.#step;
    this.dialog.setAttribute('aria-label', title(look));
    this.#announce(this.#said || (this.#step === 'paying' ? this.say('paying') : ''));
    this.#count();
    this.#enable();
  }

  #face(look) {
    switch (this.#step) {
      case 'review':
        if (look.sheet.asks === 'consent') {
          return [...consent(look), actions([
            ...CONSENTS.filter(([, answer]) => look.sheet.takes.includes(answer))
              .map(([name, answer]) => this.#button(name, this.say(name), () => this.#consent(answer))),
            // What is asked each time takes no lasting answer.
            ...look.sheet.takes.includes('no') ? [] : [this.#button('cancel', this.say('refuse'), () => this.#cancel())],
          ])];
        }
        if (look.sheet.asks === 'open-app') {
          return [...openApp(look), actions([
            this.#button('open', this.say('open'), () => this.#open()),
            this.#button('cancel', this.say('cancel'), () => this.#cancel()),
          ])];
        }
        return [...review(look), actions([
          this.#button('continue', this.say('continue'), () => this.#go('pin')),
          this.#button('cancel', this.say('cancel'), () => this.#cancel()),
        ])];
      case 'pin':
        return [this.pin.draw(look), actions([
          this.#button('agree', '', () => this.#agree()),
          this.#button('back', this.say('back'), () => this.#go('review')),
        ])];
      case 'paying':
        return [this.pin.waiting(look), actions([this.#button('cancel', this.say('stop'), () => this.#cancel())])];
      default:
        return [...answer(look, this.#outcome), actions([this.#button('done', this.say('done'), () => this.#next())])];
    }
  }

  /** A button that asks the guard. Only what moves money or leads there waits for it. */
  #button(name, text, act) {
    const main = !['cancel', 'back', 'refuse', 'while', 'once'].includes(name);
    const button = element('button', { type: 'button', class: main ? 'sheet-main' : 'sheet-other', 'data-sheet': name }, text);
    const guarded = ['continue', 'agree', 'allow', 'while', 'once', 'open'].includes(name);
    button.addEventListener('click', (event) => {
      if (event.isTrusted && (!guarded || this.guard.allows(event))) act();
    });
    return button;
  }

  /** @param {string} name @returns {any} */
  #buttonOf(name) {
    return this.body.querySelector(`[data-sheet="${name}"]`);
  }

  /** Before the list of a new connection has come nobody knows whether the sheet is open still. */
  get #armed() {
    return this.guard.armed && this.#live && !this.#anew;
  }

  #enable() {
    const sheet = this.#shown;
    if (!sheet) return;
    const armed = this.#armed;
    for (const name of ['continue', 'allow', 'while', 'once', 'open']) {
      const button = this.#buttonOf(name);
      if (button) button.disabled = !armed || (name === 'continue' && this.#locked);
    }
    const agree = this.#buttonOf('agree');
    if (!agree) return;
    agree.disabled = !armed || !this.pin.complete;
    agree.textContent = this.pin.last ? this.say(`confirm_${sheet.kind}`, { amount: this.pin.amount }) : this.say('next');
  }

  /** The PIN is there: the one decision about this sheet, or the first half of a new PIN. */
  #agree() {
    const sheet = this.#shown;
    if (!sheet || this.#step !== 'pin' || !this.pin.complete || !this.#armed) return;
    const complaint = this.pin.advance();
    if (complaint !== null) {
      this.#said = complaint && this.say(complaint);
      this.#redraw();
      return;
    }
    const message = { t: 'sheet-pay', sheet: sheet.id, pin: this.pin.value, fresh: this.pin.fresh };
    this.pin.clear();
    this.#answer(message);
  }

  /** @param {string} answer */
  #consent(answer) {
    const sheet = this.#shown;
    if (sheet) this.#answer({ t: 'sheet-consent', sheet: sheet.id, answer });
  }

  #open() {
    const sheet = this.#shown;
    if (sheet) this.#answer({ t: 'sheet-agree', sheet: sheet.id });
  }

  /** Once for each sheet, unless the server wants another. */
  #answer(message) {
    if (this.#asked) return;
    this.#asked = this.tell(message);
    if (!this.#asked) this.connection(false);
    else if (message.t === 'sheet-pay') this.#go('paying');
  }

  #redraw() {
    const said = this.#said;
    this.body.replaceChildren();
    this.#draw();
    this.#said = said;
    this.#announce(said);
    this.guard.disturb();
    this.pin.focus();
  }

  #cancel() {
    const sheet = this.#shown;
    if (sheet && !this.tell({ t: 'sheet-cancel', sheet: sheet.id })) this.connection(false);
  }

  /** @param {{ sheet: number, why: string, tries_left?: number, left_ms?: number }} refusal */
  #refused({ sheet, why, tries_left: left, left_ms: wait }) {
    const shown = this.#shown;
    if (!shown || shown.id !== sheet || why === 'busy') return;
    this.#asked = false;
    this.#locked = why === 'locked';
    // Chosen in another window meanwhile.
    if (why === 'already-set' || why === 'not-set') shown.has_pin = why === 'already-set';
    this.#go(this.#locked || shown.asks !== 'payment' ? 'review' : 'pin');
    const key = why === 'wrong' && left === 1 ? 'wrong_one' : why;
    this.#said = this.say(key, { count: left ?? 0, time: remaining(wait ?? 0) });
    this.#announce(this.#said);
    this.pin.complain(why === 'wrong' || why === 'weak' || why === 'form');
  }

  /** @param {{ sheet: number, outcome: string }} outcome */
  #done(outcome) {
    this.#sheets = this.#sheets.filter((one) => one.id !== outcome.sheet);
    if (this.#shown?.id !== outcome.sheet) return;
    this.#forgetGone();
    this.#asked = false;
    // Who said so need not be told.
    const said = ['cancelled', 'agreed', 'refused'].includes(outcome.outcome);
    if (said || this.#shown.asks === 'open-app') return this.#next();
    clearInterval(this.#tick);
    this.#outcome = outcome;
    this.#go('done');
    return undefined;
  }

  #forgetGone() {
    clearTimeout(this.#gone);
    this.#gone = 0;
  }

  #next() {
    this.#forgetGone();
    this.#shown = null;
    this.#step = 'review';
    this.#all(this.#sheets, false);
  }

  #announce(text) {
    if (this.status.textContent !== text) this.status.textContent = text;
  }

  /** How long the order is good for. */
  #count() {
    const time = this.body.querySelector('.sheet-time');
    if (!time || this.#ends === Infinity || this.#step === 'done') return;
    const left = this.#ends - performance.now();
    time.textContent = this.say('expires', { time: remaining(left) });
    time.toggleAttribute('data-soon', left < 60_000);
  }

  /** Over the lower part of the phone. */
  #place() {
    const { left, width, bottom, height } = this.screen.getBoundingClientRect();
    const round = getComputedStyle(this.screen).borderBottomLeftRadius;
    const at = { left, width, bottom: document.documentElement.clientHeight - bottom, most: height - 24 };
    const placed = Object.entries(at).map(([name, value]) => [`--sheet-${name}`, `${Math.round(value)}px`]);
    let moved = false;
    for (const [name, value] of [...placed, ['--sheet-round', round]]) {
      moved ||= this.dialog.style.getPropertyValue(name) !== value;
      this.dialog.style.setProperty(name, value);
    }
    const on = this.strip.getBoundingClientRect();
    for (const name of ['left', 'top', 'width', 'height']) this.lit.style.setProperty(name, `${Math.round(on[name])}px`);
    return moved;
  }

  #listen() {
    const disturb = () => {
      if (this.dialog.open) this.guard.disturb();
    };
    const moved = () => {
      if (this.dialog.open && this.#place()) disturb();
    };
    addEventListener('resize', moved);
    addEventListener('scroll', moved, { capture: true, passive: true });
    new ResizeObserver(moved).observe(this.screen);
    // The sheet grew or shrank: what is under the finger is another thing now.
    new ResizeObserver(disturb).observe(this.dialog);
    for (const name of ['focus', 'blur']) addEventListener(name, disturb);
    document.addEventListener('visibilitychange', disturb);
    this.dialog.addEventListener('keydown', (event) => {
      if (event.key === 'Tab') return this.#keepFocus(event);
      if (event.key !== 'Escape') return undefined;
      event.preventDefault();
      return this.#escape();
    });
    // Browsers close a dialog on their own gesture for going back, at the second try even without asking.
    this.dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      this.#escape();
    });
    this.dialog.addEventListener('close', () => {
      if (!this.#shown) return;
      this.dialog.showModal();
      this.#light();
      this.guard.disturb();
    });
  }

  /** What follows the last control is the first one, and not the browser's own bars. @param {KeyboardEvent} event */
  #keepFocus(event) {
    const all = [...this.dialog.querySelectorAll('button:not(:disabled), input, [tabindex="0"]')];
    const [at, last] = [all.indexOf(document.activeElement), all.length - 1];
    const leaves = event.shiftKey ? at <= 0 : at === last;
    if (!leaves) return;
    event.preventDefault();
    /** @type {any} */ (all[event.shiftKey ? last : 0])?.focus();
  }

  #escape() {
    if (this.#step === 'pin') this.#go('review');
    else if (this.#step === 'done') this.#next();
    else if (this.#step === 'review') this.#cancel();
  }
}
