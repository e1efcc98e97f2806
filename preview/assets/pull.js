// Pulling a page down to refresh it, with a finger. Others have the capsule's menu.

import { byId } from './chrome.js';

/** How far a finger has to pull. */
const ENOUGH_PX = 72;
const MOST_PX = 104;
/** How long the ring turns at least and at most: nobody says when the app has its news. */
const LEAST_MS = 600;
const LONGEST_MS = 4_000;

/** How far the ring follows the finger: less and less. @param {number} distance */
export function follow(distance) {
  return MOST_PX * (1 - Math.exp(-distance / MOST_PX));
}

/** The ring that turns while the app looks for news. @param {() => void} refresh */
function ringOf(refresh) {
  const ring = byId('pull');
  let pulled = 0;
  let began = 0;
  let timer = 0;

  const show = (/** @type {number} */ distance) => {
    pulled = distance;
    ring.style.setProperty('--pull', `${distance}px`);
    ring.style.setProperty('--turn', String(Math.round(distance * 3)));
  };
  const settle = (/** @type {number} */ distance) => {
    ring.toggleAttribute('data-settling', true);
    show(distance);
  };
  const done = () => {
    clearTimeout(timer);
    ring.toggleAttribute('data-busy', false);
    settle(0);
  };
  return {
    show,
    settle,
    pulled: () => pulled,
    busy: () => ring.hasAttribute('data-busy'),
    /** A finger takes it. */
    taken: () => ring.toggleAttribute('data-settling', false),
    run() {
      began = Date.now();
      ring.toggleAttribute('data-busy', true);
      settle(64);
      timer = setTimeout(done, LONGEST_MS);
      refresh();
    },
    /** The app has answered, as far as one can tell. */
    answered() {
      if (!ring.hasAttribute('data-busy')) return;
      clearTimeout(timer);
      timer = setTimeout(done, Math.max(0, LEAST_MS - (Date.now() - began)));
    },
  };
}

/**
 * @param {HTMLElement} box
 * @param {object} options
 * @param {() => boolean} options.allowed
 * @param {() => void} options.refresh
 */
export function listenToPull(box, { allowed, refresh }) {
  const ring = ringOf(refresh);
  /** @type {{ x: number, y: number } | null} */
  let from = null;

  box.addEventListener('touchstart', (event) => {
    const page = event.target instanceof Element ? event.target.closest('.lp-page') : null;
    const scrolled = event.target instanceof Element && event.target.closest('.lp-scroll.lp-vertical');
    const one = event.touches.length === 1 && page && page.scrollTop <= 0 && !(scrolled && scrolled.scrollTop > 0);
    from = one && allowed() && !ring.busy()
      ? { x: event.touches[0].clientX, y: event.touches[0].clientY }
      : null;
    ring.taken();
  }, { passive: true });
  box.addEventListener('touchmove', (event) => {
    if (!from) return;
    const [x, y] = [event.touches[0].clientX - from.x, event.touches[0].clientY - from.y];
    if (ring.pulled() === 0 && (y < 8 || Math.abs(x) > y)) {
      if (y < -8 || Math.abs(x) > 8) from = null;
      return;
    }
    event.preventDefault();
    ring.show(follow(Math.max(0, y)));
  }, { passive: false });
  for (const name of ['touchend', 'touchcancel']) {
    box.addEventListener(name, () => {
      if (!from || ring.pulled() === 0) return;
      from = null;
      if (name === 'touchend' && ring.pulled() >= follow(ENOUGH_PX)) ring.run();
      else ring.settle(0);
    });
  }
  return { run: ring.run, answered: ring.answered };
}
