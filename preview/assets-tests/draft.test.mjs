import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Draft } from '../assets/draft.js';

/** Types values, each sent at once. */
function typed(...values) {
  const draft = new Draft();
  for (const value of values) {
    draft.changed();
    draft.sent(value);
  }
  return draft;
}

test('answers to older values wait, the answer to the last one counts', () => {
  const draft = typed('a', 'ab', 'abc');
  assert.equal(draft.answered('a'), false);
  assert.equal(draft.answered('ab'), false);
  assert.equal(draft.answered('abc'), true);
});

test('answers that the app left out are answered by later ones', () => {
  assert.equal(typed('a', 'ab', 'abc').answered('abc'), true);
});

test('an app that changes what was typed has the last word', () => {
  const draft = typed('a', 'ab');
  assert.equal(draft.answered('A'), false);
  assert.equal(draft.answered('AB'), true);
});

test('what is typed and not sent yet keeps an answer from counting', () => {
  const draft = typed('a');
  draft.changed();
  assert.equal(draft.answered('a'), false);
  draft.sent('ab');
  assert.equal(draft.answered('ab'), true);
});

test('what is held is not moved', () => {
  const draft = typed('3');
  assert.equal(draft.answered('5', true), false);
  assert.equal(draft.settle(), '5');
});

test('an app that refuses the last value gets its way when typing rests', () => {
  const draft = typed('1', '12', '123');
  assert.equal(draft.answered('1'), false);
  assert.equal(draft.answered('12'), false);
  assert.equal(draft.settle(), '12');
});

test('without an answer the field keeps what was typed', () => {
  assert.equal(typed('a', 'ab').settle(), undefined);
});

test('an answer that counts leaves nothing to settle', () => {
  const draft = typed('a');
  assert.equal(draft.answered('a'), true);
  assert.equal(draft.settle(), undefined);
});

test('typing to and fro takes each answer for the oldest value that it fits', () => {
  const draft = typed('a', 'ab', 'a', 'ac');
  assert.equal(draft.answered('a'), false);
  assert.equal(draft.answered('ab'), false);
  assert.equal(draft.answered('a'), false);
  assert.equal(draft.answered('ac'), true);
});

test('a field that is cleared after it was sent is clear', () => {
  const draft = typed('milk');
  assert.equal(draft.answered('milk'), true);
  assert.equal(draft.answered(''), true);
});
