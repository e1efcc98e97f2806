// What the readings of a server's counters say: rates, quantiles, and how they are written.

/** @typedef {{ buckets: number[], sum_ns: number }} Histogram */

/** Seconds that quantiles look back: fewer events than that say little. */
const LOOK_BACK = 10;

/**
 * The duration that this part of all stays below, in nanoseconds; null when there was none.
 * Within a bucket durations are taken to be spread evenly.
 * @param {number[]} bounds upper bounds of the buckets but the last
 * @param {number[]} buckets
 * @param {number} part 0 to 1
 */
export function quantile(bounds, buckets, part) {
  const all = buckets.reduce((sum, one) => sum + one, 0);
  if (all <= 0) return null;
  let below = 0;
  for (const [index, inside] of buckets.entries()) {
    if (inside > 0 && below + inside >= all * part) {
      const from = index ? bounds[index - 1] : 0;
      const to = bounds[index] ?? from;
      return from + (to - from) * ((all * part - below) / inside);
    }
    below += inside;
  }
  return bounds[bounds.length - 1];
}

/** The last readings, oldest first. */
export class History {
  /** @type {{ at: number, reading: any }[]} */
  #kept = [];

  /** @param {number} most */
  constructor(most) {
    this.most = most;
  }

  get length() {
    return this.#kept.length;
  }

  /** @param {any} reading @param {number} at in milliseconds */
  push(reading, at) {
    const last = this.#kept.at(-1);
    // A server that was started again counts from 0.
    if (last && reading.launched < last.reading.launched) this.#kept = [];
    this.#kept.push({ at, reading });
    if (this.#kept.length > this.most) this.#kept.shift();
  }

  /** @param {number} index */
  at(index) {
    return this.#kept[index].reading;
  }

  /** Growth a second of a counter. @param {(reading: any) => number} of @param {number} index */
  rate(of, index, back = 1) {
    const [before, now] = [this.#kept[Math.max(0, index - back)], this.#kept[index]];
    if (before === now) return null;
    return (1_000 * (of(now.reading) - of(before.reading))) / (now.at - before.at);
  }

  /** @param {(reading: any) => Histogram} of @param {number} index @param {number} part */
  quantile(of, index, part) {
    const [before, now] = [this.at(Math.max(0, index - LOOK_BACK)), this.at(index)];
    const old = of(before).buckets;
    return quantile(now.bounds_ns, of(now).buckets.map((one, at) => one - old[at]), part);
  }
}

/** @param {Histogram} histogram */
export function counted(histogram) {
  return histogram.buckets.reduce((sum, one) => sum + one, 0);
}

/** @param {number} value */
function short(value) {
  if (value >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return value.toPrecision(value >= 10 ? 3 : 2);
}

/** @param {number} value @param {[number, string][]} units largest first */
function inUnits(value, units) {
  const [size, name] = units.find(([one]) => value >= one) ?? units[units.length - 1];
  return `${short(value / size)} ${name}`;
}

/** @param {number} ns */
export const duration = (ns) => inUnits(ns, [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs'], [1, 'ns']]);

/** @param {number} bytes */
export const bytes = (bytes) => inUnits(bytes, [[2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB'], [1, 'B']]);

/** @param {number} count */
export const number = (count) => (count >= 10_000 ? inUnits(count, [[1e6, 'M'], [1e3, 'k']]) : short(count));
