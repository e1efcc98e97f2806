// Numbers and texts as the inspector shows them.

/** An event that takes longer than a frame of 60 Hz is worth a look. */
const SLOW_US = 16_000;

/** @param {number} us microseconds */
export function micros(us) {
  if (us < 1_000) return `${us.toFixed(us < 10 ? 1 : 0)} µs`;
  if (us < 1_000_000) return `${(us / 1_000).toFixed(us < 10_000 ? 2 : 1)} ms`;
  return `${(us / 1_000_000).toFixed(2)} s`;
}

/** @param {{ cpu_us: number, wall_us: number }} event */
export function isSlow(event) {
  return event.cpu_us >= SLOW_US || event.wall_us >= 2 * SLOW_US;
}

/** @param {number} count */
export function bytes(count) {
  if (count < 1_024) return `${count} B`;
  if (count < 1_048_576) return `${(count / 1_024).toFixed(1)} KiB`;
  return `${(count / 1_048_576).toFixed(1)} MiB`;
}

/** Time of day with milliseconds. @param {number} at milliseconds since 1970 */
export function timeOfDay(at) {
  const date = new Date(at);
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** The text without terminal colours and other control sequences. @param {string} text */
export function plain(text) {
  // Sequences that end with BEL or ST first (titles, links), then those that end with a letter.
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g, '').replace(/[\u001b\u009b][[()#;?]*[0-9;:?]*[@-~]/g, '');
}

/** JSON that was stored in one line, written so that it can be read. @param {string} text */
export function readable(text) {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** The beginning of a text, on one line. @param {string} text @param {number} most characters */
export function shortened(text, most) {
  const line = text.replace(/\s+/g, ' ').trim();
  const characters = Array.from(line);
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : line;
}
