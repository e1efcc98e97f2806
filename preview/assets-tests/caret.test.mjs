import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moved } from '../assets/caret.js';

/** Texts with `|` where the caret is. */
function check(typed, answered) {
  const [caret, wanted] = [typed.indexOf('|'), answered.indexOf('|')];
  assert.equal(moved(typed.replace('|', ''), caret, answered.replace('|', '')), wanted, `${typed} -> ${answered}`);
}

test('capitals move nothing', () => {
  check('hea|llo', 'HEA|LLO');
  check('heaa|llo', 'HEAA|LLO');
  check('hello|', 'HELLO|');
  check('|hello', '|HELLO');
  check('a 👪|b', 'A 👪|B');
});

test('a card in fours', () => {
  check('4111|', '4111|');
  check('41111|', '4111 1|');
  check('41112| 1111', '4111 2|111 1');
  check('4111 | 1111', '4111 |1111');
  check('411| 1111', '411|1 111');
  check('4111|1111', '4111| 1111');
});

test('a phone number with its country', () => {
  check('0812|', '+62 812|');
  check('0812|3456', '+62 812|-3456');
  check('+62 812-34|', '+62 812-34|');
  check('+62 812-345|-6', '+62 812-345|6');
});

test('money in thousands', () => {
  check('1|', 'Rp 1|');
  check('Rp 1234|', 'Rp 1.234|');
  check('Rp 19|.234', 'Rp 19|.234');
  check('Rp 199|.234', 'Rp 199|.234');
  check('Rp 9|1.234', 'Rp 9|1.234');
  check('Rp 1.24|', 'Rp 124|');
  check('12500|', '12.500| kr');
  check('|2.500', '|2.500');
});

test('what the app cut or took out', () => {
  check('123456|', '12345|');
  check('12a|3', '12|3');
  check('abc|', '|');
  check('|', 'Rp |');
});

test('long texts', () => {
  const long = 'a'.repeat(5_000);
  assert.equal(moved(`${long}b`, 5_000, `${long.toUpperCase()}b`), 5_000);
  assert.equal(moved(`${long}${long}`, 10_000, long), 5_000);
});
