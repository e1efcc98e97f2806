// Keeps a tap that was meant for something else from paying.
//
// A person must have had time to see what they agree to. So the button works only while this window has the focus, and
// only some time after the sheet appeared, moved, or showed something else: a tap that was on its way to what lay there
// before comes too early.

/** How long nothing may have changed, in milliseconds. */
export const ARM_MS = 700;

export class Guard {
  #since = Infinity;
  #timer = 0;

  /**
   * @param {object} options
   * @param {(armed: boolean) => void} options.changed
   * @param {() => boolean} [options.focused] whether the person is looking at this window
   * @param {() => number} [options.now] milliseconds
   * @param {typeof setTimeout} [options.after]
   */
  constructor({ changed, focused, now, after }) {
    this.changed = changed;
    this.focused = focused ?? (() => document.hasFocus() && document.visibilityState === 'visible');
    this.now = now ?? (() => performance.now());
    this.after = after ?? ((work, ms) => setTimeout(work, ms));
  }

  /** Whether a tap counts now. */
  get armed() {
    return this.focused() && this.now() - this.#since >= ARM_MS;
  }

  /** Something appeared or moved: from now on the time counts anew. */
  disturb() {
    this.#since = this.now();
    this.changed(false);
    clearTimeout(this.#timer);
    this.#timer = this.after(() => this.changed(this.armed), ARM_MS + 10);
  }

  /** The sheet is gone. */
  rest() {
    clearTimeout(this.#timer);
    this.#since = Infinity;
  }

  /** Whether this event is a person's own, and comes in time. @param {Event} event */
  allows(event) {
    return event.isTrusted && this.armed;
  }
}
