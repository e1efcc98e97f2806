// The browser's back button is the app's, as long as there is a page to go back to.
//
// One entry of the browser's history stands for all pages that are open in the app. It is there while the depth
// is more than 1. When the person goes back over it, the app is told, and it is put back if pages remain.

/** How long the app may take to go back before the entry is put back. */
const ANSWER_MS = 1_500;

export class BackButton {
  #depth = 1;
  #own = false;
  #timer = 0;

  /** @param {() => void} back @param {any} [history] @param {any} [target] */
  constructor(back, history = window.history, target = window) {
    this.history = history;
    target.addEventListener('popstate', () => {
      if (this.#own) {
        this.#own = false;
        return this.#keep();
      }
      if (this.#there() || this.#depth <= 1) return this.#keep();
      back();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#keep(), ANSWER_MS);
    });
  }

  /** How many pages are open in the app. @param {number} depth */
  at(depth) {
    this.#depth = depth;
    clearTimeout(this.#timer);
    this.#keep();
  }

  #there() {
    return this.history.state?.lapak === 'pages';
  }

  #keep() {
    if (this.#own) return;
    if (this.#depth > 1 && !this.#there()) {
      this.history.pushState({ lapak: 'pages' }, '');
    } else if (this.#depth <= 1 && this.#there()) {
      this.#own = true;
      this.history.back();
    }
  }
}
