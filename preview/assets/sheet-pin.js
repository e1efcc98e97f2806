// The PIN on the payment sheet: a field for keyboards and a pad for fingers. What is typed is kept nowhere else, and
// no app can see this field: apps have no script.

import { money } from './money.js';
import { element } from './overlays.js';
import { textsFor } from './sheet-texts.js';

const FEWEST = 6;
const MOST = 12;
const BACK = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M21 5H9l-7 7 7 7h12z M12 9.5l5 5 M17 9.5l-5 5"></path></svg>';

export class PinEntry {
  /** Whether the person chooses a new PIN. */
  fresh = false;
  #first = '';
  #repeating = false;
  #say = textsFor('en');
  amount = '';

  /** @param {{ changed: () => void, entered: () => void }} options */
  constructor({ changed, entered }) {
    this.changed = changed;
    this.field = /** @type {any} */ (element('input', {
      type: 'password', class: 'sheet-pin', maxlength: String(MOST), autocomplete: 'off', inputmode: 'none',
      'data-1p-ignore': '', 'data-lpignore': 'true', spellcheck: 'false', enterkeyhint: 'done',
    }));
    this.field.addEventListener('input', () => {
      this.field.value = this.field.value.replace(/\D/g, '').slice(0, MOST);
      this.#show();
    });
    this.field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && event.isTrusted && !event.repeat && event.keyCode !== 229) entered();
    });
    this.dots = element('div', { class: 'sheet-dots', 'aria-hidden': 'true' });
    this.count = element('p', { class: 'sheet-unseen', role: 'status' });
  }

  /** @param {boolean} fresh whether there is no PIN yet */
  begin(fresh) {
    this.clear();
    this.fresh = fresh;
  }

  clear() {
    this.field.value = '';
    this.#first = '';
    this.#repeating = false;
    this.#show();
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  get value() {
    return this.field.value;
  }

  /** Whether there are as many digits as a PIN has. */
  get complete() {
    return this.field.value.length >= FEWEST;
  }

  /** Whether what is typed now ends it: with a new PIN, only the second time. */
  get last() {
    return !this.fresh || this.#repeating;
  }

  /**
   * Takes what was typed.
   * @returns {string | null} `null`: the PIN is there; else what to say before it is typed again, which may be nothing
   */
  advance() {
    if (!this.fresh) return null;
    if (!this.#repeating) {
      this.#first = this.field.value;
      this.#repeating = true;
      this.field.value = '';
      return '';
    }
    if (this.field.value === this.#first) return null;
    this.clear();
    return 'different';
  }

  /** @param {boolean} wrong */
  complain(wrong) {
    this.field.setAttribute('aria-invalid', String(wrong));
  }

  /** @param {import('./sheet-faces.js').Look} look */
  draw({ sheet, say, lang }) {
    this.#say = say;
    this.amount = money(sheet.amount, sheet.currency, lang);
    const key = this.fresh ? (this.#repeating ? 'repeat' : 'choose') : 'enter';
    const hint = this.fresh ? say(`${key}_hint`) : say('paid_to', { amount: this.amount, to: sheet.to });
    this.field.setAttribute('aria-label', say(key));
    this.field.removeAttribute('aria-invalid');
    const heading = element('h2', { tabindex: '-1' }, say(key));
    const field = element('div', { class: 'sheet-field' }, this.field, this.dots);
    this.#show();
    return element(
      'div',
      { class: 'sheet-enter' },
      heading,
      element('p', { class: 'sheet-why' }, hint),
      field,
      this.count,
      this.#pad(say),
    );
  }

  /** While the server decides. @param {import('./sheet-faces.js').Look} look */
  waiting({ sheet, say, lang }) {
    const amount = money(sheet.amount, sheet.currency, lang);
    return element(
      'div',
      { class: 'sheet-waiting' },
      element('i', { 'aria-hidden': 'true' }),
      element('h2', { tabindex: '-1' }, say('paying')),
      element('p', { class: 'sheet-why' }, say('paid_to', { amount, to: sheet.to })),
    );
  }

  #pad(say) {
    const pad = element('div', { class: 'sheet-pad', role: 'group', 'aria-label': say('pin') });
    for (const digit of ['1', '2', '3', '4', '5', '6', '7', '8', '9']) pad.append(this.#digit(digit));
    const back = element('button', { type: 'button', 'aria-label': say('delete') });
    back.insertAdjacentHTML('afterbegin', BACK);
    this.#act(back, () => this.field.value.slice(0, -1));
    pad.append(element('span'), this.#digit('0'), back);
    return pad;
  }

  #digit(digit) {
    const button = element('button', { type: 'button' }, digit);
    this.#act(button, () => (this.field.value + digit).slice(0, MOST));
    return button;
  }

  #act(button, next) {
    button.addEventListener('click', (event) => {
      if (!event.isTrusted) return;
      this.field.value = next();
      this.#show();
    });
  }

  #show() {
    const { length } = this.field.value;
    this.dots.replaceChildren(...Array.from({ length: Math.max(length, FEWEST) }, (_, at) => {
      const dot = element('i');
      dot.toggleAttribute('data-full', at < length);
      return dot;
    }));
    // Screen readers hear how many, never which.
    this.count.textContent = length ? this.#say('digits', { count: length }) : '';
    this.changed();
  }
}
