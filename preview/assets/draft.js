// A value that the person is changing while the app answers to what it was before.
//
// The field shows what the person does at once. The app's answers come later, one for each value sent, and
// an answer to an older value must not undo what was typed since. In the end field and app agree: when the
// answer to the last value comes, or when nothing has happened for a while, the app's word counts.
//
// Knows nothing of elements: whoever keeps a draft does what it says.

/** @typedef {string | boolean} Value */

/** Milliseconds without typing or answers after which the app's last word counts. */
export const SETTLE_MS = 500;
/** The same while an answer is still to come: an app has two seconds for one, and it has to travel. */
export const ANSWER_MS = 4_000;

export class Draft {
  /** Sent and not yet answered, oldest first. @type {Value[]} */
  #sent = [];
  /** Changed by the person and not sent yet. */
  #unsent = false;
  /** The app's last word, if it was put off. @type {Value | undefined} */
  #word;

  /** How long after the last thing that happened the app's word counts. */
  get patience() {
    return this.#sent.length ? ANSWER_MS : SETTLE_MS;
  }

  /** The person changed the value. */
  changed() {
    this.#unsent = true;
  }

  /** The value was sent. @param {Value} value */
  sent(value) {
    this.#unsent = false;
    this.#sent.push(value);
  }

  /**
   * The app says a value. Tells whether the field takes it now.
   * @param {Value} value
   * @param {boolean} held the person is in the middle of it: a finger on the slider, a word half composed
   */
  answered(value, held = false) {
    const echo = this.#sent.indexOf(value);
    // Apps answer in order. A value of their own making is the answer to the oldest.
    this.#sent.splice(0, echo < 0 ? 1 : echo + 1);
    const now = !this.#sent.length && !this.#unsent && !held;
    this.#word = now ? undefined : value;
    return now;
  }

  /**
   * Nothing has happened for a while. Gives the value that the field takes, if any.
   * @returns {Value | undefined}
   */
  settle() {
    const word = this.#word;
    this.#word = undefined;
    this.#sent = [];
    return word;
  }
}
