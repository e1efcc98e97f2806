import assert from 'node:assert/strict';
import { test } from 'node:test';
import { follow } from '../assets/pull.js';
import { bytes, isSlow, micros, plain, readable, shortened } from '../assets/text.js';

test('the compiler\'s colours are taken out, its text is not', () => {
  const coloured = '\u001b[0m\u001b[1m\u001b[38;5;9merror[E0425]\u001b[0m: no `x`\n\u001b]8;;https://a.example\u0007[link]\u001b]8;;\u001b\\ \u001b[2K';
  assert.equal(plain(coloured), 'error[E0425]: no `x`\n[link] ');
  assert.equal(plain('a[0] = [1;2m]'), 'a[0] = [1;2m]');
});

test('times have three digits or so', () => {
  assert.deepEqual([0, 4.26, 41.2, 999, 1_841.2, 23_812, 2_500_000].map(micros),
    ['0.0 µs', '4.3 µs', '41 µs', '999 µs', '1.84 ms', '23.8 ms', '2.50 s']);
});

test('an event that takes longer than a frame is slow', () => {
  assert.equal(isSlow({ cpu_us: 15_999, wall_us: 16_500 }), false);
  assert.equal(isSlow({ cpu_us: 16_000, wall_us: 16_500 }), true);
  assert.equal(isSlow({ cpu_us: 100, wall_us: 40_000 }), true);
});

test('sizes', () => {
  assert.deepEqual([0, 1_023, 1_024, 10_485_760].map(bytes), ['0 B', '1023 B', '1.0 KiB', '10.0 MiB']);
});

test('JSON is written in lines, everything else as it is', () => {
  assert.equal(readable('{"a":[1]}'), '{\n  "a": [\n    1\n  ]\n}');
  for (const text of ['{"a":', 'delivered', '12', '']) assert.equal(readable(text), text);
});

test('texts are cut at characters', () => {
  assert.equal(shortened('  a\n b  ', 10), 'a b');
  assert.equal(shortened('🍜🍜🍜🍜', 3), '🍜🍜…');
});

test('a pulled page follows less and less', () => {
  assert.equal(follow(0), 0);
  assert.ok(follow(50) < 50 && follow(50) > follow(40));
  assert.ok(follow(10_000) <= 104);
});
