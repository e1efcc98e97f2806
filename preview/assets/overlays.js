// What lies over the app: its end, a lost connection, the compiler's messages, short notices.

import { BASE, byId } from './chrome.js';
import { shellText } from './shell-texts.js';
import { plain } from './text.js';

const AWAY_AFTER_MS = 1_000;
const TOAST_MS = 5_000;

/**
 * @param {string} tag
 * @param {{ [name: string]: string }} [attributes]
 * @param {...(Node | string)} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const FAULT = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3.5L2.5 20h19z M12 10v4.5 M12 17.2v.1"></path></svg>';
const CLOSED = '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="9"></circle><path d="M8.5 12h7"></path></svg>';

/** A card over the app. The app below it can neither be seen well nor used. */
function showCard({ fault, title, text, more, action, other }) {
  const heading = element('h2', { tabindex: '-1' }, title);
  const card = element('div', { class: 'shell-card', role: 'alertdialog', 'aria-label': title }, heading);
  if (fault) card.dataset.fault = '';
  card.insertAdjacentHTML('afterbegin', fault ? FAULT : CLOSED);
  card.append(element('p', {}, text), ...(more ?? []), action);
  if (other) card.append(other);
  byId('over').replaceChildren(card);
  byId('over').hidden = false;
  byId('box').inert = true;
  heading.focus({ preventScroll: true });
}

export function hideCard() {
  byId('over').hidden = true;
  byId('over').replaceChildren();
  byId('box').inert = false;
}

/**
 * The session ended.
 * @param {{ title: string, text: string, stack: string[], event: string | null, closed: boolean, recorded: boolean }} end
 * @param {() => boolean} restart
 */
export function showEnd(end, restart) {
  const action = element('button', { type: 'button', class: 'shell-main' }, 'Start again');
  action.addEventListener('click', () => {
    if (!restart()) return;
    action.disabled = true;
    action.textContent = 'Starting…';
  });
  const more = [];
  if (end.stack?.length || end.event) {
    const where = end.event ? [`while handling: ${end.event}`, ''] : [];
    const stack = element('pre', { tabindex: '0' }, [...where, ...(end.stack ?? [])].join('\n'));
    more.push(element('details', {}, element('summary', {}, 'Where it happened'), stack));
  }
  const address = `${BASE}/s/${document.body.dataset.token}/recording`;
  const other = end.recorded && !end.closed
    ? element('a', { class: 'shell-other', href: address, download: '', title: 'lapak run --replay plays it again' }, 'Download recording')
    : undefined;
  showCard({ fault: !end.closed, title: end.title, text: end.text, more, action, other });
}

/** The server does not know the session any more. */
export function showGone() {
  const text = 'It was closed. What the app stored is still there.';
  const action = element('a', { class: 'shell-main', href: `${BASE}/a/${document.body.dataset.stall}` }, 'Open it again');
  const other = element('a', { class: 'shell-other', href: `${BASE}/` }, 'All apps');
  showCard({ fault: false, title: 'This session is over', text, action, other });
}

let away = 0;

/** Tells, after a moment, that the connection is lost. @param {boolean} live @param {string} lang */
export function showConnection(live, lang = 'en') {
  byId('away').querySelector('span').textContent = shellText(lang, 'away');
  if (live) {
    byId('away').removeAttribute('data-why');
    byId('away').lastElementChild.textContent = 'Reconnecting…';
    clearTimeout(away);
    away = 0;
    byId('away').hidden = true;
  } else {
    away ||= setTimeout(() => (byId('away').hidden = false), AWAY_AFTER_MS);
  }
}

/** Why there will be no connection until somebody does something about it. @param {string} why */
export function showWhyAway(why) {
  byId('away').lastElementChild.textContent = why;
  byId('away').toggleAttribute('data-why', true);
  byId('away').hidden = false;
}

/**
 * The app has been at one thing for a while. Whoever does not want to wait can leave it, or start it again.
 * @param {boolean} busy
 * @param {string} lang
 * @param {() => boolean} restart
 */
export function showBusy(busy, lang, restart) {
  const sign = byId('busy');
  sign.hidden = !busy;
  if (!busy) return;
  sign.lang = lang;
  const again = element('button', { type: 'button' }, shellText(lang, 'restart'));
  again.addEventListener('click', () => {
    if (restart()) sign.hidden = true;
  });
  sign.replaceChildren(
    element('i'), element('span', {}, shellText(lang, 'busy')), again,
    element('a', { href: `${BASE}/` }, shellText(lang, 'leave')),
  );
}

/** @param {{ t: string, message?: string }} build `building`, `build-failed` or `built` */
export function showBuild(build) {
  byId('building').hidden = build.t !== 'building';
  if (build.t === 'building') return;
  const failed = byId('failed');
  failed.hidden = build.t !== 'build-failed';
  if (failed.hidden) return;
  const lines = plain(build.message ?? '').trim().split('\n');
  byId('failed-text').replaceChildren(...lines.map((line) => {
    const isFault = /^(error|warning)(\[|:)/.test(line);
    return isFault ? element('b', {}, `${line}\n`) : `${line}\n`;
  }));
}

/** What stands there already is not said twice. @param {string} text */
export function toast(text) {
  const toasts = byId('toasts');
  if ([...toasts.children].some((one) => one.textContent === text)) return;
  const one = element('div', { class: 'shell-toast' }, text);
  toasts.append(one);
  setTimeout(() => one.remove(), TOAST_MS);
}

/** Closes the compiler's message. */
export function listenToOverlays() {
  byId('failed-hide').addEventListener('click', () => (byId('failed').hidden = true));
}
