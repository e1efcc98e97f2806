// Scrolling: ends that are reached, positions that are remembered, dragging with a mouse.

/** How near to a scroll view's end counts as its end. */
const END_PX = 24;
/** Pages whose scroll positions are remembered. */
const MOST_PAGES = 32;

/**
 * Tells when an end is reached: once, until it is left or there is more to scroll.
 * @param {HTMLElement} box
 * @param {object} options
 * @param {() => number} options.bottomDistance how near to the page's end counts as its end
 * @param {() => void} options.bottom
 * @param {(node: Element) => void} options.reachEnd
 */
export function listenToEnds(box, { bottomDistance, bottom, reachEnd }) {
  /** For every box that scrolls: the size at which its end was reached. @type {WeakMap<Element, number>} */
  const reached = new WeakMap();

  box.addEventListener('scroll', ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    const isPage = target.classList.contains('lp-page');
    if (!isPage && !target.matches('.lp-scroll[data-on~="reach-end"]')) return;
    const sideways = target.classList.contains('lp-horizontal');
    const size = sideways ? target.scrollWidth : target.scrollHeight;
    const seen = sideways ? Math.abs(target.scrollLeft) + target.clientWidth : target.scrollTop + target.clientHeight;
    if (size - seen > (isPage ? bottomDistance() : END_PX)) {
      reached.delete(target);
    } else if (reached.get(target) !== size) {
      reached.set(target, size);
      if (isPage) bottom();
      else reachEnd(target);
    }
  }, { capture: true, passive: true });
}

/** Where pages were scrolled to. */
export class Positions {
  /** @type {Map<number, [number, number][]>} */
  #of = new Map();

  /** @param {number} page @param {Element} app */
  remember(page, app) {
    this.#of.delete(page);
    this.#of.set(page, scrollers(app).map((one) => [one.scrollLeft, one.scrollTop]));
    if (this.#of.size > MOST_PAGES) this.#of.delete(this.#of.keys().next().value ?? 0);
  }

  /** @param {number} page @param {Element} app */
  restore(page, app) {
    const positions = this.#of.get(page) ?? [];
    scrollers(app).forEach((one, index) => {
      const [left, top] = positions[index] ?? [0, 0];
      one.scrollLeft = left;
      one.scrollTop = top;
    });
  }

  clear() {
    this.#of.clear();
  }
}

/** @param {Element} app */
function scrollers(app) {
  return [...app.querySelectorAll('.lp-page, .lp-scroll')];
}

/**
 * Lets a mouse drag what a finger would: swipers and rows that scroll sideways.
 * @param {HTMLElement} box
 */
export function dragWithMouse(box) {
  box.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'mouse' || event.button !== 0 || !(event.target instanceof Element)) return;
    const track = event.target.closest('.lp-track, .lp-scroll.lp-horizontal');
    if (!(track instanceof HTMLElement) || event.target.closest('input, textarea, select')) return;
    const [from, left] = [event.clientX, track.scrollLeft];
    let dragging = false;

    const move = (/** @type {PointerEvent} */ moved) => {
      if (!dragging && Math.abs(moved.clientX - from) < 6) return;
      dragging = true;
      track.classList.add('shell-dragging');
      track.scrollLeft = left + from - moved.clientX;
    };
    const end = (/** @type {PointerEvent} */ ended) => {
      removeEventListener('pointermove', move);
      removeEventListener('pointerup', end);
      removeEventListener('pointercancel', end);
      if (!dragging) return;
      track.classList.remove('shell-dragging');
      if (track.classList.contains('lp-track')) settle(track, left, ended.clientX - from);
      // The click that ends a drag is none.
      const swallow = (/** @type {Event} */ click) => {
        click.stopPropagation();
        click.preventDefault();
      };
      addEventListener('click', swallow, { capture: true, once: true });
      setTimeout(() => removeEventListener('click', swallow, { capture: true }));
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', end);
    addEventListener('pointercancel', end);
  });
  // Pictures would be dragged as files.
  box.addEventListener('dragstart', (event) => event.preventDefault());
}

/** Goes on to the child towards which the track was dragged. */
function settle(track, left, distance) {
  const width = track.clientWidth || 1;
  const before = Math.round(left / width);
  const step = Math.abs(distance) > width / 6 ? -Math.sign(distance) : 0;
  track.scrollTo({ left: (before + step) * width, behavior: 'smooth' });
}
