// What the person did and the server has not yet taken, in order. Knows nothing of sockets or pages.

/** @typedef {{ t: string, [member: string]: unknown }} Message */

/** Most events that wait. Past it the person acts on a screen that is long out of date. */
const MOST = 256;

export class Outbox {
  #next = 1;
  /** @type {{ seq: number, key: string | null, message: Message, left: boolean }[]} */
  #waiting = [];

  /** How many events the server has not taken. */
  get size() {
    return this.#waiting.length;
  }

  /** The number of the first event not taken; 0 if there is none. */
  get first() {
    return this.#waiting[0]?.seq ?? 0;
  }

  /** Whether an event of this key has not been taken. @param {string} key */
  waits(key) {
    return this.#waiting.some((one) => one.key === key);
  }

  /**
   * Adds an event. Where the last one has the same key and has not left yet, the new one takes its place.
   * @param {Message} message
   * @param {string | null} key
   * @returns {boolean} whether there was room
   */
  push(message, key = null) {
    const last = this.#waiting.at(-1);
    if (key !== null && last && last.key === key && !last.left) {
      last.message = message;
      return true;
    }
    if (this.#waiting.length >= MOST) return false;
    this.#waiting.push({ seq: this.#next, key, message, left: false });
    this.#next += 1;
    return true;
  }

  /** The events that have to leave now, with their numbers. @returns {Message[]} */
  leaving() {
    const leaving = this.#waiting.filter((one) => !one.left);
    for (const one of leaving) one.left = true;
    return leaving.map((one) => ({ ...one.message, seq: one.seq }));
  }

  /** The server took this event, and so all before it. @param {number} seq */
  taken(seq) {
    this.#waiting = this.#waiting.filter((one) => one.seq > seq);
  }

  /** The server did not take this event: it and what came after it will leave again. @param {number} seq */
  again(seq) {
    for (const one of this.#waiting) if (one.seq >= seq) one.left = false;
  }

  /**
   * The server's greeting: the last event that it took. What it did not take leaves again.
   * @param {number} seq
   * @returns {boolean} false if the server has forgotten events that it had taken, so that numbers do not match
   */
  welcome(seq) {
    this.taken(seq);
    this.again(0);
    return seq + 1 >= (this.#waiting[0]?.seq ?? this.#next);
  }

  /** Counts from 1 again, for a new client. Without `keep` nothing waits any more. @param {boolean} keep */
  renumber(keep) {
    if (!keep) this.#waiting = [];
    this.#waiting.forEach((one, index) => {
      one.seq = index + 1;
      one.left = false;
    });
    this.#next = this.#waiting.length + 1;
  }
}
