import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History, bytes, counted, duration, number, quantile } from '../assets/load-numbers.js';

const BOUNDS = [10, 100, 1_000];

test('a quantile lies within its bucket, and there is none of nothing', () => {
  assert.equal(quantile(BOUNDS, [0, 0, 0, 0], 0.5), null);
  assert.equal(quantile(BOUNDS, [4, 0, 0, 0], 0.5), 5);
  assert.equal(quantile(BOUNDS, [0, 10, 0, 0], 1), 100);
  assert.equal(quantile(BOUNDS, [99, 0, 1, 0], 0.5) < 10, true);
  assert.equal(quantile(BOUNDS, [98, 0, 2, 0], 0.99), 550);
  // What is larger than every bound is told as the largest.
  assert.equal(quantile(BOUNDS, [0, 0, 0, 3], 0.5), 1_000);
});

const reading = (launched, buckets) => ({ launched, bounds_ns: BOUNDS, wall: { buckets, sum_ns: 0 } });

test('rates are growth over the time between two readings', () => {
  const history = new History(3);
  const count = (one) => counted(one.wall);
  history.push(reading(1, [0, 0, 0, 0]), 0);
  assert.equal(history.rate(count, 0), null);
  history.push(reading(1, [5, 5, 0, 0]), 2_000);
  assert.equal(history.rate(count, 1), 5);
  assert.equal(history.quantile((one) => one.wall, 1, 0.5), 10);
  history.push(reading(1, [5, 5, 0, 0]), 3_000);
  history.push(reading(1, [5, 5, 0, 0]), 4_000);
  assert.equal(history.length, 3);
});

test('a server that was started again begins a new history', () => {
  const history = new History(10);
  history.push(reading(7, [9, 0, 0, 0]), 0);
  history.push(reading(1, [1, 0, 0, 0]), 1_000);
  assert.equal(history.length, 1);
});

test('numbers are short', () => {
  assert.deepEqual([850, 4_260, 41_200, 1_500_000, 2e9].map(duration), ['850 ns', '4.3 µs', '41.2 µs', '1.5 ms', '2 s']);
  assert.deepEqual([0, 1023, 1_536, 5 * 2 ** 20].map(bytes), ['0 B', '1023 B', '1.5 KiB', '5 MiB']);
  assert.deepEqual([0, 0.5, 12.34, 9_999, 12_000, 2_000_000].map(number), ['0', '0.50', '12.3', '9999', '12 k', '2 M']);
});
