// Where the caret goes when an app writes what was typed in its own way: a card's number in fours, a name in capitals.
// It stays between the same two characters, as far as they are still there. Knows nothing of elements.

/** What formatting puts in and takes out: blanks, punctuation, signs of currencies. */
const FORMAT = /^[\s\p{P}\p{Sc}\p{Zs}+]$/u;
/** Longer texts are compared from their ends alone. */
const MOST = 2_000;

/** A character as it is compared: apps write capitals, and digits of their own script. @param {string} c */
function folded(c) {
  return c.toLowerCase();
}

/**
 * The caret's place in `next`, counted in UTF-16 units.
 * @param {string} text what stood there
 * @param {number} caret where the caret was in it
 * @param {string} next what stands there now
 */
export function moved(text, caret, next) {
  if (text === next) return caret;
  const [left, right] = [Array.from(text.slice(0, caret)), Array.from(text.slice(caret))];
  const wanted = Array.from(next);
  if (left.length + right.length > MOST || wanted.length > MOST) return roughly(text, caret, next);
  const [before, after] = [left, right].map((part) => part.filter((c) => !FORMAT.test(c)).map(folded));
  /** Of every character that is not format: where it is in `wanted`. */
  const places = wanted.flatMap((c, at) => (FORMAT.test(c) ? [] : [at]));
  const now = places.map((at) => folded(wanted[at]));
  const passed = best(before, after, now);
  return units(wanted, place(passed, { left, right, wanted, places }));
}

/** How many of `now` are to the left of the caret: where most of what is around it is as it was. */
function best(before, after, now) {
  let [best, most, off] = [0, -1, Infinity];
  for (let at = 0; at <= now.length; at += 1) {
    let score = 0;
    while (score < Math.min(at, before.length) && now[at - 1 - score] === before[before.length - 1 - score]) score += 1;
    for (let nth = 0; at + nth < now.length && nth < after.length && now[at + nth] === after[nth]; nth += 1) score += 1;
    const far = Math.min(Math.abs(at - before.length), Math.abs(now.length - at - after.length));
    if (score > most || (score === most && far < off)) [best, most, off] = [at, score, far];
  }
  return best;
}

/** The place behind so many characters, and behind the format that was there and still is. */
function place(passed, { left, right, wanted, places }) {
  if (passed === 0) {
    if (places.length === 0 || right.length === 0) return left.length === 0 ? wanted.length : Math.min(left.length, wanted.length);
    // Before the first, with the format that stood before it.
    let at = places[0];
    for (let nth = trailing(right); nth > 0 && at > 0 && wanted[at - 1] === right[nth - 1]; nth -= 1) at -= 1;
    return at;
  }
  let at = places[passed - 1] + 1;
  const format = left.slice(lastKept(left) + 1);
  for (const c of format) {
    if (wanted[at] !== c) break;
    at += 1;
  }
  return at;
}

/** How much format a text begins with. @param {string[]} text */
function trailing(text) {
  const first = text.findIndex((c) => !FORMAT.test(c));
  return first < 0 ? text.length : first;
}

/** @param {string[]} text */
function lastKept(text) {
  for (let at = text.length - 1; at >= 0; at -= 1) if (!FORMAT.test(text[at])) return at;
  return -1;
}

/** @param {string[]} characters @param {number} count */
function units(characters, count) {
  return characters.slice(0, count).join('').length;
}

/** For long texts: from the end if that is as it was, else from the beginning. */
function roughly(text, caret, next) {
  const right = text.slice(caret);
  return next.endsWith(right) ? next.length - right.length : Math.min(caret, next.length);
}
