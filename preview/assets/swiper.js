// Swipers: children shown one at a time, on a track that scrolls and snaps.

import { Draft, SETTLE_MS } from './draft.js';

const calm = matchMedia('(prefers-reduced-motion: reduce)');
/** When scrolling has come to rest, for browsers that do not say so. */
const REST_MS = 140;

/**
 * @typedef {object} State
 * @property {number} current the child shown, or scrolled to
 * @property {Draft} draft
 * @property {number} settle timer
 * @property {number} rest timer
 * @property {number} turn timer of the next child
 * @property {boolean} touched
 */

export class Swipers {
  /** @type {WeakMap<Element, State>} */
  #states = new WeakMap();
  /** The swiper under a finger. @type {Element | null} */
  #held = null;

  /** @param {HTMLElement} box @param {(swiper: Element, index: number) => void} changed */
  constructor(box, changed) {
    this.changed = changed;
    box.addEventListener('scroll', (event) => this.#scrolled(event.target), { capture: true, passive: true });
    box.addEventListener('pointerdown', (event) => this.#touch(event.target), { passive: true });
    // Fingers leave anywhere.
    for (const name of ['pointerup', 'pointercancel']) addEventListener(name, () => this.#release());
  }

  /** Takes care of the swipers in a new element. @param {Element} element */
  adopt(element) {
    if (element.matches('.lp-swiper')) this.#adopt(element);
    element.querySelectorAll('.lp-swiper').forEach((swiper) => this.#adopt(swiper));
  }

  /** The app said something about a swiper. @param {Element} swiper */
  said(swiper) {
    const state = this.#states.get(swiper);
    if (!state) return;
    const current = Number(swiper.getAttribute('data-current')) || 0;
    if (state.draft.answered(String(current), state.touched)) this.#go(swiper, current, true);
    this.#wait(swiper, state);
  }

  /** The children of a track changed. @param {Element} track */
  children(track) {
    const swiper = track.parentElement;
    const state = swiper && this.#states.get(swiper);
    if (!state) return;
    this.#dots(swiper, state.current);
    this.#go(swiper, state.current, false);
  }

  #adopt(swiper) {
    if (this.#states.has(swiper)) return;
    const current = Number(swiper.getAttribute('data-current')) || 0;
    const state = { current, draft: new Draft(), settle: 0, rest: 0, turn: 0, touched: false };
    this.#states.set(swiper, state);
    this.#go(swiper, current, false);
    this.#wait(swiper, state);
  }

  #go(swiper, index, smoothly) {
    const state = this.#states.get(swiper);
    const track = trackOf(swiper);
    if (!state || !track) return;
    state.current = index;
    this.#dots(swiper, index);
    const direction = getComputedStyle(track).direction === 'rtl' ? -1 : 1;
    const behavior = smoothly && !calm.matches ? 'smooth' : 'instant';
    track.scrollTo({ left: direction * index * track.clientWidth, behavior });
  }

  #dots(swiper, current) {
    const dots = swiper.querySelector(':scope > [data-p="dots"]');
    const count = trackOf(swiper)?.childElementCount ?? 0;
    if (!dots) return;
    while (dots.childElementCount > count) dots.lastElementChild?.remove();
    while (dots.childElementCount < count) dots.append(document.createElement('i'));
    [...dots.children].forEach((dot, index) => {
      dot.className = index === current ? 'lp-dot lp-on' : 'lp-dot';
    });
  }

  #scrolled(track) {
    if (!(track instanceof Element) || !track.classList.contains('lp-track')) return;
    const swiper = track.parentElement;
    const state = swiper && this.#states.get(swiper);
    if (!state) return;
    clearTimeout(state.rest);
    state.rest = setTimeout(() => this.#rested(swiper, track, state), REST_MS);
  }

  #rested(swiper, track, state) {
    const width = track.clientWidth;
    if (!swiper.isConnected || !width || track.matches('.shell-dragging')) return;
    const index = Math.round(Math.abs(track.scrollLeft) / width);
    if (index === state.current || state.touched) return;
    this.#dots(swiper, index);
    this.#changed(swiper, state, index);
  }

  /** Another child is shown, not because the app said so. */
  #changed(swiper, state, index) {
    state.current = index;
    if ((swiper.getAttribute('data-on') ?? '').split(' ').includes('change')) {
      state.draft.sent(String(index));
      clearTimeout(state.settle);
      state.settle = setTimeout(() => this.#settle(swiper, state), SETTLE_MS);
      this.changed(swiper, index);
    }
    this.#wait(swiper, state);
  }

  #settle(swiper, state) {
    const word = state.draft.settle();
    if (word !== undefined && swiper.isConnected) this.#go(swiper, Number(word), true);
  }

  #touch(target) {
    this.#held = target instanceof Element ? target.closest('.lp-swiper') : null;
    const state = this.#held && this.#states.get(this.#held);
    if (state) state.touched = true;
  }

  #release() {
    const swiper = this.#held;
    const state = swiper && this.#states.get(swiper);
    this.#held = null;
    if (!state) return;
    state.touched = false;
    this.#scrolled(trackOf(swiper));
    this.#wait(swiper, state);
  }

  /** Shows the next child by itself after a while. */
  #wait(swiper, state) {
    clearTimeout(state.turn);
    const ms = Number(swiper.getAttribute('data-autoplay'));
    if (!ms) return;
    state.turn = setTimeout(() => {
      if (!swiper.isConnected) return;
      const count = trackOf(swiper)?.childElementCount ?? 0;
      const last = state.current >= count - 1;
      const resting = state.touched || document.hidden || calm.matches || swiper.matches(':hover, :focus-within');
      if (!resting && count > 1 && (!last || swiper.hasAttribute('data-circular'))) {
        const next = last ? 0 : state.current + 1;
        this.#go(swiper, next, true);
        this.#changed(swiper, state, next);
      } else {
        this.#wait(swiper, state);
      }
    }, Math.max(1_000, ms));
  }
}

/** @param {Element} swiper */
function trackOf(swiper) {
  return swiper.querySelector(':scope > [data-c]');
}
