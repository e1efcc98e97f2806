// What stands on the payment sheet. Texts only ever become text: no name, title or note is markup.

import { money } from './money.js';
import { element } from './overlays.js';

/**
 * @typedef {object} Look
 * @property {import('./sheet.js').Sheet} sheet
 * @property {(key: string, values?: { [name: string]: string | number }) => string} say
 * @property {string} lang
 * @property {string} step
 * @property {number} waiting how many sheets are open
 * @property {boolean} locked whether the PIN is
 * @property {{ picture: string, colour: number, words: string }} sign the person's
 */

const SHIELD = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3l7 2.6v5.2c0 4.6-2.9 8-7 10.2-4.1-2.2-7-5.6-7-10.2V5.6z M9 11.8l2.2 2.2 4-4.3"></path></svg>';
const GOOD = '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="9.5"></circle><path d="M7.8 12.3l2.9 2.9 5.6-6"></path></svg>';
const BAD = '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="9.5"></circle><path d="M12 7.2v5.6 M12 16.4v.1"></path></svg>';

/** What the whole sheet is called. @param {Look} look */
export function title({ sheet, say }) {
  if (sheet.asks === 'consent') return say('consent', { app: sheet.app });
  if (sheet.asks === 'open-app') return say('open_app', { opens: sheet.opens });
  return say(`title_${sheet.kind}`, { to: sheet.to });
}

/** Who draws this, and for how long. @param {Look} look */
export function head({ sheet, say, waiting, sign }) {
  const brand = element('span', { class: 'sheet-brand' });
  brand.insertAdjacentHTML('afterbegin', SHIELD);
  brand.append(sheet.provider ? `${say('brand')} · ${sheet.provider.name}` : 'Lapak');
  const top = element('header', { class: 'sheet-head' }, brand);
  if (waiting > 1) top.append(element('span', { class: 'sheet-count' }, say('of', { at: 1, count: waiting })));
  top.append(element('span', { class: 'sheet-time', role: 'timer', 'aria-live': 'off' }));
  top.append(signed(sign, say));
  return top;
}

/** The person's own sign: what an app cannot draw, since it does not know it. */
function signed({ picture, colour, words }, say) {
  const drawn = element('span', { class: `sign sign-${Number(colour)}`, 'aria-hidden': 'true' });
  // Markup of the host's own symbol.
  drawn.insertAdjacentHTML('afterbegin', picture);
  const named = element('span', { class: 'sheet-words' }, words);
  const hint = element('small', {}, say('sign_hint'));
  return element('div', { class: 'sheet-sign', role: 'note', 'aria-label': say('sign', { words }) }, drawn, named, hint);
}

/** Who, what, how much, from where. @param {Look} look */
export function review(look) {
  const { sheet, say, lang } = look;
  const heading = element('h2', { tabindex: '-1' }, title(look));
  const asked = element('p', { class: 'sheet-asked' }, say('asked', { app: sheet.app }));
  const amount = element('p', { class: 'sheet-amount' }, money(sheet.amount, sheet.currency, lang));
  const parts = [element('div', { class: 'sheet-who' }, heading, asked), amount];
  if (sheet.lines.length) parts.push(lines(look));
  parts.push(facts(look));
  if (less(sheet.account.available, sheet.amount)) {
    parts.push(element('p', { class: 'sheet-warning' }, say('short')));
  }
  if (look.locked) parts.push(element('p', { class: 'sheet-warning', role: 'alert' }, say('locked')));
  if (sheet.provider.simulated) parts.push(element('p', { class: 'sheet-simulated' }, say('simulated')));
  // What is long scrolls; the buttons stay.
  return [element('div', { class: 'sheet-scroll', tabindex: '0', role: 'group', 'aria-label': title(look) }, ...parts)];
}

/** @param {Look} look */
function lines({ sheet, lang }) {
  const rows = sheet.lines.map((line) => element(
    'li',
    {},
    element('span', { class: 'sheet-quantity' }, `${line.quantity} ×`),
    element('span', { class: 'sheet-title' }, line.title),
    element('span', { class: 'sheet-price' }, money(line.amount, sheet.currency, lang)),
  ));
  return element('ul', { class: 'sheet-lines' }, ...rows);
}

/** @param {Look} look */
function facts({ sheet, say, lang }) {
  const rows = [];
  const fact = (name, value, more) => {
    const said = element('dd', {}, value);
    if (more) said.append(element('small', {}, more));
    rows.push(element('dt', {}, name), said);
  };
  const there = say('available', { amount: money(sheet.account.available, sheet.currency, lang) });
  fact(say('from'), say('own_account', { currency: sheet.currency }), there);
  if (sheet.kind === 'transfer') fact(say('account'), sheet.to_id);
  if (sheet.reference) fact(say(sheet.kind === 'bill' ? 'customer' : 'order'), sheet.reference);
  if (sheet.note) fact(say('note'), sheet.note);
  return element('dl', { class: 'sheet-facts' }, ...rows);
}

/** What an app wants to use, and why. @param {Look} look */
export function consent(look) {
  const { sheet, say } = look;
  const parts = [
    element('h2', { tabindex: '-1' }, title(look)),
    element('p', { class: 'sheet-allows' }, sheet.allows),
  ];
  if (sheet.lines.length > 0) {
    const line = ({ name, value }) => {
      const known = say(`line.${name}`);
      return [
        element('dt', {}, known.startsWith('line.') ? name : known),
        element('dd', {}, value || say('line_unknown')),
      ];
    };
    parts.push(element('dl', { class: 'sheet-facts' }, ...sheet.lines.flatMap(line)));
  }
  if (sheet.reason) parts.push(element('p', { class: 'sheet-asked' }, `${say('why')}: “${sheet.reason}”`));
  parts.push(element('p', { class: 'sheet-why' }, say(sheet.takes.includes('no') ? 'consent_hint' : 'once_hint')));
  return [element('div', { class: 'sheet-scroll' }, ...parts)];
}

/** Which app is to be opened, and who asks. @param {Look} look */
export function openApp(look) {
  const { sheet, say } = look;
  return [element(
    'div',
    { class: 'sheet-scroll' },
    element('h2', { tabindex: '-1' }, title(look)),
    element('p', { class: 'sheet-asked' }, say('asked', { app: sheet.app })),
    element('p', { class: 'sheet-code' }, sheet.uri),
  )];
}

/** What came of it. @param {Look} look @param {any} outcome */
export function answer(look, outcome) {
  const { sheet, say, lang } = look;
  const paid = outcome.outcome === 'paid';
  const mark = element('div', { class: 'sheet-mark' });
  mark.toggleAttribute('data-bad', !paid);
  mark.insertAdjacentHTML('afterbegin', paid ? GOOD : BAD);
  const key = paid && sheet.kind === 'transfer' ? 'paid_transfer' : outcome.outcome;
  const heading = element('h2', { tabindex: '-1' }, say(key));
  // Only what was paid has an amount: a question of another kind can be over too.
  const paidTo = () => say('paid_to', { amount: money(sheet.amount, sheet.currency, lang), to: sheet.to });
  const why = element('p', { class: 'sheet-why' }, paid ? paidTo() : reason(say, outcome));
  const parts = [mark, heading, why];
  if (paid && outcome.receipt) {
    const at = new Date(outcome.receipt.at_ms);
    parts.push(element(
      'dl',
      { class: 'sheet-facts' },
      element('dt', {}, say('receipt')),
      element('dd', { class: 'sheet-code' }, outcome.receipt.id),
      element('dt', {}, say('at')),
      element('dd', {}, when(at, lang)),
    ));
    if (sheet.provider.simulated) parts.push(element('p', { class: 'sheet-simulated' }, say('simulated')));
  }
  return [element('div', { class: 'sheet-scroll sheet-answer' }, ...parts)];
}

/** @param {Look['say']} say @param {{ outcome: string, reason?: string }} outcome */
function reason(say, { outcome, reason: why }) {
  const known = say(`reason.${why}`);
  if (outcome === 'declined' && known !== `reason.${why}`) return known;
  return outcome === 'expired' || outcome === 'denied' ? say(`${outcome}_hint`) : say('nothing');
}

/** @param {Element[]} buttons */
export function actions(buttons) {
  return element('div', { class: 'sheet-actions' }, ...buttons);
}

/** Whether one decimal text is less than another of the same currency: exact, so without numbers. */
export function less(one, other) {
  const units = (/** @type {string} */ text) => BigInt(text.replace('.', ''));
  return units(one) < units(other);
}

function when(date, lang) {
  try {
    return date.toLocaleString(lang, { dateStyle: 'medium', timeStyle: 'short' });
  } catch {
    return date.toLocaleString();
  }
}
