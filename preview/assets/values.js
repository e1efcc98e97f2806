// What a person may put into a control: the browser's half of abi/src/controls.rs, tried on the same inputs
// (abi/tests/controls.json). Knows nothing of elements.

/** @typedef {'line' | 'email' | 'number' | 'decimal' | 'lines'} Kind */
/**
 * @typedef {object} Taken
 * @property {string} [value] what the app hears
 * @property {string} [refused] why it hears nothing, for the person
 * @property {boolean} [begun] it may still become something: a lone minus, a point without digits behind it
 */

/** The longest text of one control, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 64 * 1024;
const NOT_WHOLE = 'Only a whole number goes in here, such as 12.';
const NOT_DECIMAL = 'Only a number goes in here, such as 12.5.';
const TOO_LONG = 'The number is too long.';
const COULD_GROUP = 'That comma could be a thousand’s: write 1234 or 1.234.';

const clusters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const encoder = new TextEncoder();

/** Characters as people see them. @param {string} text */
export function length(text) {
  // Every cluster of ASCII is one character, but for a line end of two.
  if (/^[\x20-\x7e\t\n]*$/.test(text)) return text.length;
  let count = 0;
  for (const _ of clusters.segment(text)) count += 1;
  return count;
}

/** @param {string} text */
function bytes(text) {
  return encoder.encode(text).length;
}

/**
 * As much of the beginning of `text` as has at most so many characters and bytes.
 * @param {string} text
 * @param {number} most characters
 * @param {number} [mostBytes]
 */
export function cut(text, most, mostBytes = MAX_TEXT_BYTES) {
  let [count, size, end] = [0, 0, 0];
  for (const { segment, index } of clusters.segment(text)) {
    count += 1;
    size += bytes(segment);
    if (count > most || size > mostBytes) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}

/**
 * Whether a text has at most so many characters, and no more bytes than a control holds.
 * @param {string} text
 * @param {number} most
 */
export function fits(text, most) {
  if (text.length <= most && text.length * 3 <= MAX_TEXT_BYTES) return true;
  return bytes(text) <= MAX_TEXT_BYTES && (text.length <= most || length(text) <= most);
}

/**
 * A text with something put in, made to fit: what was there stays, and of what came only the beginning goes in.
 * @param {string} before
 * @param {string} inserted
 * @param {string} after
 * @param {number} most
 * @returns {string} what goes in
 */
export function squeezed(before, inserted, after, most) {
  if (fits(before + inserted + after, most)) return inserted;
  // One more than there seems to be: where it meets what was there, two clusters may become one.
  const room = Math.max(0, most - length(before + after) + 1);
  let fit = cut(inserted, room, Math.max(0, MAX_TEXT_BYTES - bytes(before + after)));
  while (fit && !fits(before + fit + after, most)) fit = cut(fit, length(fit) - 1);
  return fit;
}

/**
 * A text as a field takes it.
 * @param {Kind} kind
 * @param {string} text
 * @param {number} [most] characters
 * @param {string} [shown] what the app says that the field holds
 * @returns {Taken}
 */
export function taken(kind, text, most = Infinity, shown = '') {
  switch (kind) {
    case 'number':
      return number(whole(text, shown), most);
    case 'decimal':
      return number(decimal(text, shown), most);
    case 'lines':
      return { value: cutIfNeeded(text.replace(/\r\n?/g, '\n').replace(CONTROLS_BUT_LINES, ''), most) };
    case 'email':
      return { value: cutIfNeeded(text.replace(CONTROLS, '').trim(), most) };
    default:
      return { value: cutIfNeeded(text.replace(CONTROLS, ''), most) };
  }
}

// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;
// eslint-disable-next-line no-control-regex
const CONTROLS_BUT_LINES = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

function cutIfNeeded(text, most) {
  return fits(text, most) ? text : cut(text, most);
}

/** @param {Taken} one @param {number} most */
function number(one, most) {
  return one.value !== undefined && one.value.length > Math.min(most, MAX_TEXT_BYTES) ? { refused: TOO_LONG } : one;
}

/** @returns {Taken} */
function whole(text, shown) {
  const plain = plainNumber(text, (c) => isWrittenByTheApp(c, shown));
  if (/^(-?\d+)?$/.test(plain)) return { value: plain };
  return { refused: NOT_WHOLE, begun: plain === '-' };
}

/** @returns {Taken} */
function decimal(text, shown) {
  const plain = plainNumber(text, (c) => c !== '.' && c !== ',' && isWrittenByTheApp(c, shown));
  if (plain === '') return { value: '' };
  const parts = /^(-?)(\d*)(?:([.,])(\d*))?$/.exec(plain);
  const [, minus, before, point, after = ''] = parts ?? ['', '', '', '', ''];
  if (!parts || (before === '' && after === '')) {
    return { refused: NOT_DECIMAL, begun: /^-?[.,]?$/.test(plain) };
  }
  if (point === ',' && after.length === 3 && /^[1-9]\d{0,2}$/.test(before)) return { refused: COULD_GROUP };
  if (after === '') return { value: minus + before, begun: point !== undefined };
  return { value: `${minus}${before}.${after}` };
}

/** What stands between an app's own digits. */
function isWrittenByTheApp(c, shown) {
  return !/[0-9-]/.test(c) && Array.from(shown, ascii).includes(c);
}

function plainNumber(text, isOwn) {
  const plain = Array.from(text, ascii).filter((c) => !isOwn(c)).join('').trim();
  return /^\+(?!-)/.test(plain) ? plain.slice(1) : plain;
}

const OTHERS = { '\u2212': '-', '\uff0d': '-', '\u066b': '.', '\uff0e': '.', '\uff0c': ',' };

/** Digits of every script as ASCII. */
function ascii(c) {
  if (c in OTHERS) return OTHERS[c];
  if (c < '\u0660' || !/\p{Nd}/u.test(c)) return c;

  const code = /** @type {number} */ (c.codePointAt(0));
  for (let value = 9; value > 0; value -= 1) {
    if (ZEROS.has(code - value)) return String(value);
  }
  return ZEROS.has(code) ? '0' : c;
}

const ZEROS = new Set([
  0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0, 0xf20, 0x1040,
  0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0,
  0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x1e950,
]);
