// The payment sheet's parts that need no browser: amounts, texts, and when a tap counts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { money, remaining } from '../assets/money.js';
import { ARM_MS, Guard } from '../assets/sheet-guard.js';
import { TEXTS, spoken, textsFor } from '../assets/sheet-texts.js';

test('amounts are written as their currency is, and never pass through a number', () => {
  assert.equal(money('47000.00', 'IDR', 'en'), 'Rp 47.000');
  assert.equal(money('47000.50', 'IDR', 'id'), 'Rp 47.000,50');
  assert.equal(money('90071992547409.91', 'EUR', 'en'), '€90,071,992,547,409.91');
  assert.equal(money('120', 'JPY', 'en'), '¥120');
  assert.equal(money('0.007', 'KWD', 'en'), 'KWD 0.007');
  assert.equal(money('1.00', 'USD', 'not a language'), 'USD 1.00');
});

test('time that is left counts down to nothing', () => {
  assert.deepEqual([900_000, 60_001, 59_000, 1, 0, -5].map(remaining), ['15:00', '1:01', '0:59', '0:01', '0:00', '0:00']);
});

test('both languages say everything, with the same places to fill', () => {
  const places = (text) => [...text.matchAll(/\{\w+\}/g)].map(([place]) => place).sort();
  assert.deepEqual(Object.keys(TEXTS.en), Object.keys(TEXTS.id));
  for (const [key, text] of Object.entries(TEXTS.en)) assert.deepEqual(places(text), places(TEXTS.id[key]), key);
});

test('a name with braces stays a name', () => {
  const say = textsFor('en');
  assert.equal(say('paid_to', { amount: 'Rp 1', to: '{amount}' }), 'Rp 1 to {amount}');
  assert.deepEqual(['id-ID', 'ID', 'fr', ''].map(spoken), ['id', 'id', 'en', 'en']);
});

/** A guard whose clock and focus the test holds. */
function guarded() {
  const world = { now: 0, focused: true, armed: [] };
  const guard = new Guard({
    changed: (armed) => world.armed.push(armed),
    focused: () => world.focused,
    now: () => world.now,
    after: (work, ms) => {
      world.later = { work, ms };
    },
  });
  return { world, guard, tap: (isTrusted = true) => guard.allows({ isTrusted }) };
}

test('a tap counts only some time after the sheet appeared', () => {
  const { world, guard, tap } = guarded();
  assert.equal(tap(), false);
  guard.disturb();
  world.now = ARM_MS - 1;
  assert.equal(tap(), false);
  world.now = ARM_MS;
  assert.equal(tap(), true);
  world.later.work();
  assert.deepEqual(world.armed, [false, true]);
});

test('what moves makes the time count anew', () => {
  const { world, guard, tap } = guarded();
  guard.disturb();
  world.now = ARM_MS;
  guard.disturb();
  world.now += ARM_MS - 1;
  assert.equal(tap(), false);
  world.now += 1;
  assert.equal(tap(), true);
  guard.rest();
  assert.equal(tap(), false);
});

test('no tap counts in a window that nobody looks at, nor one that no person made', () => {
  const { world, guard, tap } = guarded();
  guard.disturb();
  world.now = ARM_MS;
  assert.equal(tap(false), false);
  world.focused = false;
  assert.equal(tap(), false);
  world.later.work();
  assert.deepEqual(world.armed, [false, false]);
});
