// The WebSocket: greets, sends what waits, comes back after a break.

import { Outbox, written } from './outbox.js';

/** @typedef {import('./outbox.js').Message} Message */

const FIRST_DELAY = 250;
const LONGEST_DELAY = 10_000;
/** How long after `slow` the events are sent again. */
const SLOW_DELAY = 100;
/** An event that nobody took for so long: the connection is dead although nobody said so. */
const DEAD_AFTER = 10_000;
/** The server has said nothing for so long: it is asked whether it is there. */
const QUIET_AFTER = 4_000;
/** How long its answer, or its greeting on a new connection, may take. */
const ANSWER_AFTER = 4_000;
/** The code with which a server ends a connection on which a message is too large (RFC 6455). */
const TOO_LARGE = 1009;

/**
 * Milliseconds until the next attempt: doubles each time, and no two browsers agree on it.
 * @param {number} attempt counted from 0
 * @param {number} random 0 to 1
 */
export function backoff(attempt, random) {
  const full = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** Math.min(attempt, 10));
  return Math.round(full * (0.5 + random / 2));
}

/** A name that no other page gives itself. */
function newClient() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class Connection {
  outbox = new Outbox();
  /** Whether the server has greeted on the connection that is open. */
  live = false;
  #client = newClient();
  /** @type {WebSocket | null} */
  #socket = null;
  #attempt = 0;
  #retry = 0;
  #slow = 0;
  #watch = 0;
  /** The event that is watched; 0 if none is. */
  #watched = 0;
  #pulse = 0;
  /** Whether patches are for a screen that is not the one shown: until the next greeting. */
  #behind = false;

  /**
   * @param {object} options
   * @param {string} options.url
   * @param {() => { v: number, page: number, app: string }} options.screen what is shown
   * @param {(message: Message) => void} options.heard
   * @param {(live: boolean) => void} options.changed
   * @param {() => void} options.refused a connection could not even be opened
   * @param {(why: 'too-large' | 'malformed' | 'not-taken' | 'forgotten') => void} options.lost something that the person did does not arrive
   * @param {typeof WebSocket} [options.Socket]
   */
  constructor(options) {
    this.options = options;
  }

  open() {
    clearTimeout(this.#retry);
    if (this.#socket) return;
    const Socket = this.options.Socket ?? WebSocket;
    const socket = new Socket(this.options.url);
    let opened = false;
    this.#socket = socket;
    socket.onopen = () => {
      opened = true;
      this.#hello();
    };
    socket.onmessage = (event) => {
      if (this.#socket === socket) this.#beats();
      this.#heard(JSON.parse(event.data));
    };
    socket.onclose = (/** @type {CloseEvent | undefined} */ event) => {
      if (this.#socket === socket) this.#lost(event?.code === TOO_LARGE);
      if (!opened) this.options.refused();
    };
    this.#pulse = setTimeout(() => this.#lost(), QUIET_AFTER + ANSWER_AFTER);
  }

  /** The server is there: it is asked again when it has been quiet for a while. Nobody else notices a connection that is gone. */
  #beats() {
    clearTimeout(this.#pulse);
    this.#pulse = setTimeout(() => {
      this.#send({ t: 'ping' });
      this.#pulse = setTimeout(() => this.#lost(), ANSWER_AFTER);
    }, QUIET_AFTER);
  }

  /** No more attempts. */
  stop() {
    clearTimeout(this.#retry);
    this.#retry = -1;
    this.#drop();
  }

  /** Tries at once, if it waits for its next attempt. */
  hurry() {
    if (this.#socket || this.#retry === -1) return;
    this.#attempt = 0;
    this.open();
  }

  /**
   * An event, which will reach the server once.
   * @param {Message} message
   * @param {string | null} key an event of the same key may be overtaken while it has not left
   */
  event(message, key = null) {
    if (!this.outbox.fits(message)) {
      this.options.lost('too-large');
      return true;
    }
    const room = this.outbox.push(message, key);
    this.#flush();
    return room;
  }

  /** A message that is not an event: lost if there is no connection. @param {Message} message */
  tell(message) {
    if (this.live) this.#send(message);
    return this.live;
  }

  /** What was done so far is for a screen that is gone. */
  forget() {
    this.#renew(false);
  }

  /** The screen shown does not fit the patches: asks for a whole page. */
  resync() {
    if (this.#behind || !this.live) return;
    this.#behind = true;
    this.#hello();
  }

  #renew(keep) {
    this.#client = newClient();
    this.#unwatch();
    this.outbox.renumber(keep);
    if (this.live) {
      this.live = false;
      this.#hello();
    }
  }

  #hello() {
    this.#send({ t: 'hello', client: this.#client, ...this.options.screen() });
  }

  /** @param {Message} message */
  #heard(message) {
    switch (message.t) {
      case 'welcome':
        this.outbox.mostBytes = /** @type {number} */ (message.most ?? this.outbox.mostBytes);
        return this.#welcome(/** @type {number} */ (message.seq));
      case 'ack':
        this.#attempt = 0;
        this.outbox.taken(/** @type {number} */ (message.seq));
        return this.#watchOver();
      case 'refused':
        this.outbox.taken(/** @type {number} */ (message.seq));
        // A newer server may have other reasons.
        this.options.lost(message.why === 'too-large' || message.why === 'malformed' ? message.why : 'not-taken');
        return this.#watchOver();
      case 'forgotten':
        return this.#forgotten();
      case 'pong':
        this.#attempt = 0;
        return undefined;
      case 'slow':
        this.outbox.again(/** @type {number} */ (message.seq));
        this.#slow ||= setTimeout(() => this.#hurryUp(), SLOW_DELAY);
        return this.#watchOver();
      case 'patch':
        return this.#behind ? undefined : this.options.heard(message);
      case 'page':
        this.#behind = false;
        return this.options.heard(message);
      default:
        return this.options.heard(message);
    }
  }

  /** @param {number} seq */
  #welcome(seq) {
    // What waits may be what breaks connections: only when it is taken all is well.
    if (!this.outbox.size) this.#attempt = 0;
    this.#behind = false;
    if (!this.outbox.welcome(seq)) {
      // The server has forgotten this page: begin again as another.
      this.live = true;
      return this.#renew(true);
    }
    const wasLive = this.live;
    this.live = true;
    if (!wasLive) this.options.changed(true);
    return this.#flush();
  }

  /** The server does not know any more what it took of this page, and takes nothing from it: begin as another. */
  #forgotten() {
    this.#client = newClient();
    this.#unwatch();
    if (this.outbox.forgotten()) this.options.lost('forgotten');
    this.#hello();
  }

  #hurryUp() {
    this.#slow = 0;
    this.#flush();
  }

  #flush() {
    if (!this.live || this.#slow) return;
    for (const message of this.outbox.leaving()) this.#send(message);
    this.#watchOver();
  }

  /** Gives the connection up when an event is not taken: `slow` again and again is no reason to wait longer. */
  #watchOver() {
    const first = this.live ? this.outbox.first : 0;
    if (first === this.#watched) return;
    clearTimeout(this.#watch);
    this.#watched = first;
    if (!first) return;
    this.#watch = setTimeout(() => {
      if (this.outbox.first === first) this.#lost();
    }, DEAD_AFTER);
  }

  /** Numbers count from 1 again, or the connection is over. */
  #unwatch() {
    clearTimeout(this.#watch);
    this.#watched = 0;
  }

  #lost(tooLarge = false) {
    if (this.live && this.outbox.broke(tooLarge)) this.options.lost(tooLarge ? 'too-large' : 'not-taken');
    this.#drop();
    if (this.#retry === -1) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.open(), backoff(this.#attempt, Math.random()));
    this.#attempt += 1;
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.live = false;
    this.#behind = false;
    this.#unwatch();
    clearTimeout(this.#pulse);
    clearTimeout(this.#slow);
    this.#slow = 0;
    if (socket && socket.readyState <= 1) socket.close();
    this.options.changed(false);
  }

  /** @param {Message} message */
  #send(message) {
    if (this.#socket?.readyState === 1) this.#socket.send(written(message));
  }
}
