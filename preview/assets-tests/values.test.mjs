import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MAX_TEXT_BYTES, length, squeezed, taken } from '../assets/values.js';

const CASES = JSON.parse(readFileSync(new URL('../../abi/tests/controls.json', import.meta.url), 'utf8'));
const FAMILY = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}';

test('every text is taken or refused as the host does', () => {
  for (const one of CASES.texts) {
    const { value } = taken(one.kind, one.text, one.max ?? Infinity, one.shown ?? '');
    assert.equal(value, one.taken, JSON.stringify(one));
  }
});

test('what is refused says why, and what may still become a number is told apart', () => {
  for (const one of CASES.texts.filter(({ refused }) => refused)) {
    assert.match(taken(one.kind, one.text, one.max, one.shown).refused, /\.$/);
  }
  assert.deepEqual(['-', '12.', '.', '-,'].map((text) => taken('decimal', text).begun), [true, true, true, true]);
  assert.deepEqual(['-', '12.', '1-'].map((text) => taken('number', text).begun), [true, false, false]);
});

test('of what does not fit only the beginning goes in, whole characters of it, and nothing behind it goes', () => {
  assert.equal(squeezed('ab', 'xyz', 'cd', 5), 'x');
  assert.equal(squeezed('ab', 'xyz', 'cd', 4), '');
  assert.equal(squeezed('a', FAMILY.repeat(3), '', 3), FAMILY.repeat(2));
  assert.equal(squeezed('', 'e\u0301e\u0301', '', 1), 'e\u0301');
  // Two halves of a flag that meet are one character.
  assert.equal(squeezed('\u{1F1EE}', '\u{1F1E9}a', '', 1), '\u{1F1E9}');
  const long = squeezed('', '漢'.repeat(87_400), '', Infinity);
  assert.equal(long.length, Math.floor(MAX_TEXT_BYTES / 3));
  assert.equal(length('a\n\u{1F1EE}\u{1F1E9}'), 3);
});
