import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outbox, written } from '../assets/outbox.js';

const numbers = (messages) => messages.map((message) => message.seq);

test('events leave once, numbered from 1', () => {
  const outbox = new Outbox();
  outbox.push({ t: 'show' });
  outbox.push({ t: 'back' });
  assert.deepEqual(outbox.leaving(), [{ t: 'show', seq: 1 }, { t: 'back', seq: 2 }]);
  assert.deepEqual(outbox.leaving(), []);
  assert.equal(outbox.size, 2);
  outbox.taken(2);
  assert.equal(outbox.size, 0);
});

test('a value that has not left is overtaken by the next of the same field, and by no other', () => {
  const outbox = new Outbox();
  outbox.push({ t: 'input', value: 'a' }, 'input 1');
  outbox.push({ t: 'input', value: 'ab' }, 'input 1');
  outbox.push({ t: 'input', value: 'x' }, 'input 2');
  outbox.push({ t: 'input', value: 'abc' }, 'input 1');
  assert.deepEqual(outbox.leaving().map((message) => message.value), ['ab', 'x', 'abc']);
  outbox.push({ t: 'input', value: 'abcd' }, 'input 1');
  assert.deepEqual(outbox.leaving(), [{ t: 'input', value: 'abcd', seq: 4 }]);
});

test('after a new connection, what the server did not take leaves again in order', () => {
  const outbox = new Outbox();
  for (const t of ['a', 'b', 'c']) outbox.push({ t });
  outbox.leaving();
  assert.equal(outbox.welcome(1), true);
  assert.deepEqual(outbox.leaving(), [{ t: 'b', seq: 2 }, { t: 'c', seq: 3 }]);
});

test('slow: that event and what came after it leave again', () => {
  const outbox = new Outbox();
  for (const t of ['a', 'b', 'c']) outbox.push({ t });
  outbox.leaving();
  outbox.taken(1);
  outbox.again(2);
  assert.deepEqual(numbers(outbox.leaving()), [2, 3]);
});

test('a server that has forgotten what it took is noticed', () => {
  const outbox = new Outbox();
  for (const t of ['a', 'b', 'c']) outbox.push({ t });
  outbox.leaving();
  outbox.taken(2);
  assert.equal(outbox.welcome(0), false);
  outbox.renumber(true);
  assert.deepEqual(outbox.leaving(), [{ t: 'c', seq: 1 }]);
  outbox.push({ t: 'd' });
  assert.deepEqual(outbox.leaving(), [{ t: 'd', seq: 2 }]);
});

test('half a character is written as one that can be read, and whole ones stay', () => {
  const value = { fields: [{ name: 'a', value: { text: 'x\ud83d' } }, { name: 'b', value: { text: '😀\ude00y' } }] };
  const heard = JSON.parse(written({ t: 'input', value }));
  assert.deepEqual(heard.value.fields.map((field) => field.value.text), ['x\ufffd', '😀\ufffdy']);
  const { toWellFormed } = String.prototype;
  delete String.prototype.toWellFormed;
  try {
    assert.deepEqual(JSON.parse(written({ t: 'input', value })), heard);
  } finally {
    String.prototype.toWellFormed = toWellFormed;
  }
});

test('kind and number are written first', () => {
  const outbox = new Outbox();
  outbox.push({ value: { text: 'a' }, t: 'input' });
  assert.match(written(outbox.leaving()[0]), /^{"t":"input","seq":1,/);
});

test('an empty outbox notices it too', () => {
  const outbox = new Outbox();
  assert.equal(outbox.welcome(0), true);
  outbox.push({ t: 'a' });
  outbox.leaving();
  outbox.taken(1);
  assert.equal(outbox.welcome(0), false);
  outbox.renumber(false);
  assert.equal(outbox.welcome(0), true);
});

test('there is an end to waiting', () => {
  const outbox = new Outbox();
  let taken = 0;
  while (outbox.push({ t: 'back' }) && taken < 10_000) taken += 1;
  assert.equal(taken, 256);
  assert.equal(numbers(outbox.leaving()).at(-1), 256);
});

test('what is larger than the server takes does not fit, however its letters are counted', () => {
  const outbox = new Outbox();
  const typed = (text) => ({ t: 'input', node: 1, on: 'input', value: { text } });
  assert.equal(outbox.fits(typed('中'.repeat(87_000))), true);
  assert.equal(outbox.fits(typed('中'.repeat(87_400))), false);
  assert.equal(outbox.fits(typed('a'.repeat(262_000))), true);
  assert.equal(outbox.fits(typed('"'.repeat(200_000))), false);
  outbox.mostBytes = 1_000;
  assert.equal(outbox.fits(typed('a'.repeat(1_000))), false);
});

test('an event under which connections break is given up, and what comes after it goes on', () => {
  const outbox = new Outbox();
  outbox.push({ t: 'a' });
  outbox.push({ t: 'b' });
  const given = [1, 2, 3, 4].map(() => {
    outbox.leaving();
    const lost = outbox.broke();
    outbox.welcome(0);
    return lost;
  });
  assert.deepEqual(given, [false, false, false, true]);
  // Its number was used, so something goes under it.
  assert.deepEqual(outbox.leaving(), [{ t: 'nothing', seq: 1 }, { t: 'b', seq: 2 }]);
});

test('a connection that breaks while nothing is on its way is nobody\'s fault', () => {
  const outbox = new Outbox();
  for (let count = 0; count < 10; count += 1) assert.equal(outbox.broke(), false);
  outbox.push({ t: 'a' });
  for (let count = 0; count < 10; count += 1) assert.equal(outbox.broke(), false);
});

test('the largest is given up where the server says that one is too large', () => {
  const outbox = new Outbox();
  outbox.push({ t: 'a' });
  outbox.push({ t: 'input', value: { text: 'long'.repeat(100) } });
  outbox.leaving();
  assert.equal(outbox.broke(true), true);
  outbox.welcome(0);
  assert.deepEqual(outbox.leaving(), [{ t: 'a', seq: 1 }, { t: 'nothing', seq: 2 }]);
});

test('what may have been taken is not sent again to a server that has forgotten it', () => {
  const outbox = new Outbox();
  outbox.push({ t: 'a' });
  outbox.leaving();
  outbox.again(0);
  outbox.push({ t: 'b' });
  assert.equal(outbox.forgotten(), true);
  assert.deepEqual(outbox.leaving(), [{ t: 'b', seq: 1 }]);
  outbox.taken(1);
  assert.equal(outbox.forgotten(), false);
});
