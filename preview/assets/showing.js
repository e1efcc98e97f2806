// What the app wants seen: the row of a list, all lines of a text.

import { fieldOf } from './controls.js';

const calm = matchMedia('(prefers-reduced-motion: reduce)');
/** As the contract has it. */
const MOST_LINES = 40;

/** Scrolls to the child of a list that the app named. @param {Element} list @param {boolean} smoothly */
export function reveal(list, smoothly) {
  const key = list.getAttribute('data-reveal');
  const child = key === null ? null : [...list.children].find((one) => one.getAttribute('data-key') === key);
  child?.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: smoothly && !calm.matches ? 'smooth' : 'instant' });
}

/** Gives a text as many lines as it has. @param {any} area */
export function grow(area) {
  const least = Number(area.getAttribute('data-grows'));
  if (!least) return;
  area.rows = least;
  const style = getComputedStyle(area);
  const line = parseFloat(style.lineHeight) || 24;
  const around = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
  area.rows = Math.max(least, Math.min(MOST_LINES, Math.round((area.scrollHeight - around) / line)));
}

/** Everything of the kind in a new element. @param {Element} element */
export function adopt(element) {
  for (const area of all(element, '[data-grows]')) grow(fieldOf(area));
  for (const list of all(element, '[data-reveal]')) reveal(list, false);
}

/** @param {Element} element @param {string} css */
function all(element, css) {
  const within = [...element.querySelectorAll(css)];
  return element.matches(css) ? [element, ...within] : within;
}
