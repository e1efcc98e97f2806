import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clock, metres, track, whereAt } from '../assets/track.js';

const START = Date.UTC(2026, 0, 5, 6, 0, 0);
const timed = [
  { lat: -6.2, lon: 106.8, time: START },
  { lat: -6.19, lon: 106.8, time: START + 10_000 },
  { lat: -6.19, lon: 106.82, time: START + 30_000 },
];

test('a track with times is ridden as it was', () => {
  const points = track(timed);
  assert.deepEqual(points.map(({ at }) => at), [0, 10, 30]);
  assert.deepEqual(whereAt(points, -1), points[0]);
  assert.ok(Math.abs(whereAt(points, 5).lat - -6.195) < 1e-9);
  assert.ok(Math.abs(whereAt(points, 20).lon - 106.81) < 1e-9);
  assert.deepEqual(whereAt(points, 1_000), points[2]);
});

test('a track without sound times is ridden at an even speed', () => {
  for (const spoilt of [Number.NaN, START - 1]) {
    const points = track([timed[0], { ...timed[1], time: spoilt }, timed[2]]);
    assert.equal(points[0].at, 0);
    const speed = metres(points[1], points[2]) / (points[2].at - points[1].at);
    assert.ok(Math.abs(speed - 4) < 1e-6, String(speed));
  }
});

test('points that are nowhere are left out', () => {
  const wild = [...timed, { lat: 91, lon: 0, time: START }, { lat: Number.NaN, lon: 0, time: START }, { lat: 0, lon: 181, time: START }];
  assert.equal(track(wild).length, 3);
  assert.deepEqual(track([]), []);
});

test('distances and times are as people know them', () => {
  assert.ok(Math.abs(metres({ lat: 0, lon: 0, at: 0 }, { lat: 0.01, lon: 0, at: 0 }) - 1_113.2) < 0.1);
  assert.equal(clock(65.4), '01:05');
  assert.equal(clock(3_725), '1:02:05');
});
