// What the person did and the server has not yet taken, in order. Knows nothing of sockets or pages.

/** @typedef {{ t: string, [member: string]: unknown }} Message */

/** Most events that wait. Past it the person acts on a screen that is long out of date. */
const MOST = 256;
/** Connections that may break under an event before it is given up: it may be what breaks them. */
const MOST_BREAKS = 4;
/** The largest message that a server takes, in bytes, until it says otherwise. */
const MOST_BYTES = 256 * 1024;
/** Room for the number of an event in its message. */
const NUMBER_BYTES = 32;

const encoder = new TextEncoder();
/** Half a pair of UTF-16: with the flag `u`, whole pairs are other characters. */
const LONE = /[\ud800-\udfff]/gu;

/** A text without halves of characters, which no server can read. @param {string} text */
function wellFormed(text) {
  return text.toWellFormed?.() ?? text.replace(LONE, '\ufffd');
}

/**
 * A message as it is written.
 * @param {Message} message
 */
export function written(message) {
  return JSON.stringify(message, (_, value) => (typeof value === 'string' ? wellFormed(value) : value));
}

/**
 * @typedef {object} Waiting
 * @property {number} seq
 * @property {string | null} key
 * @property {Message} message
 * @property {boolean} left whether it is on its way
 * @property {boolean} sent whether it ever was
 * @property {number} breaks connections that broke while it was the first on its way
 */

export class Outbox {
  /** The largest message that the server takes, in bytes. */
  mostBytes = MOST_BYTES;
  #next = 1;
  /** @type {Waiting[]} */
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
   * Whether the server takes a message of this size: one that it never takes would keep all after it waiting.
   * @param {Message} message
   */
  fits(message) {
    const text = written(message);
    const most = this.mostBytes - NUMBER_BYTES;
    // A character has three bytes at most for each of its UTF-16 units.
    return text.length * 3 <= most || encoder.encode(text).length <= most;
  }

  /**
   * Adds an event. Where the last one has the same key and has not left yet, the new one takes its place.
   * @param {Message} message
   * @param {string | null} key
   * @returns {boolean} whether there was room
   */
  push(message, key = null) {
    const last = this.#waiting.at(-1);
    if (key !== null && last && last.key === key && !last.left && !last.sent) {
      last.message = message;
      return true;
    }
    if (this.#waiting.length >= MOST) return false;
    this.#waiting.push({ seq: this.#next, key, message, left: false, sent: false, breaks: 0 });
    this.#next += 1;
    return true;
  }

  /**
   * The events that have to leave now, with their numbers: those stand first, where a server finds them that cannot read the rest.
   * @returns {Message[]}
   */
  leaving() {
    const leaving = this.#waiting.filter((one) => !one.left);
    for (const one of leaving) one.left = one.sent = true;
    return leaving.map(({ message: { t, ...rest }, seq }) => ({ t, seq, ...rest }));
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
   * The connection broke. An event under which it has broken too often is given up; what comes after it goes on.
   * @param {boolean} tooLarge the server said that a message was too large to be heard: the largest on its way is given up
   * @returns {boolean} whether an event was given up
   */
  broke(tooLarge = false) {
    const onTheWay = this.#waiting.filter((one) => one.left);
    const [first] = onTheWay;
    if (!first) return false;
    first.breaks += 1;
    const size = (/** @type {Waiting} */ one) => JSON.stringify(one.message).length;
    const lost = tooLarge ? onTheWay.reduce((most, one) => (size(one) > size(most) ? one : most)) : first;
    if (!tooLarge && first.breaks < MOST_BREAKS) return false;
    // Its number stays, so that the server does not wait for it: something that does nothing goes under it.
    lost.message = { t: 'nothing' };
    lost.key = null;
    lost.breaks = 0;
    return true;
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

  /**
   * The server has forgotten what it took. What left may have been taken, and is not sent again.
   * @returns {boolean} whether something had left
   */
  forgotten() {
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((one) => !one.sent);
    this.renumber(true);
    return this.#waiting.length < before;
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
