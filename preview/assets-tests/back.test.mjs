import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { BackButton } from '../assets/back.js';

/** A browser's history, as far as it matters. */
class History {
  entries = [null];
  at = 0;
  target = new EventTarget();
  get state() {
    return this.entries[this.at];
  }
  pushState(state) {
    this.entries.splice(this.at + 1);
    this.entries.push(state);
    this.at += 1;
  }
  go(step) {
    this.at += step;
    this.target.dispatchEvent(new Event('popstate'));
  }
  back() {
    this.go(-1);
  }
}

function setUp(t) {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const history = new History();
  const world = { history, backs: 0 };
  world.button = new BackButton(() => (world.backs += 1), history, history.target);
  return world;
}

test('on the first page the browser goes back by itself', (t) => {
  const { button, history } = setUp(t);
  button.at(1);
  assert.equal(history.entries.length, 1);
});

test('with more pages, back is the app\'s', (t) => {
  const world = setUp(t);
  world.button.at(3);
  assert.equal(world.history.at, 1);
  world.history.back();
  assert.equal(world.backs, 1);
  world.button.at(2);
  assert.equal(world.history.at, 1);
  world.history.back();
  assert.equal(world.backs, 2);
  world.button.at(1);
  assert.equal(world.history.at, 0);
});

test('the app\'s own way back takes the entry away and tells nobody', (t) => {
  const world = setUp(t);
  world.button.at(2);
  world.button.at(1);
  assert.equal(world.history.at, 0);
  assert.equal(world.backs, 0);
});

test('forward on the first page leads nowhere', (t) => {
  const world = setUp(t);
  world.button.at(2);
  world.history.back();
  world.button.at(1);
  world.history.go(1);
  assert.equal(world.history.at, 0);
  assert.equal(world.backs, 1);
});

test('an app that stays where it is gets the entry back', (t) => {
  const world = setUp(t);
  world.button.at(2);
  world.history.back();
  assert.equal(world.history.at, 0);
  mock.timers.tick(2_000);
  assert.equal(world.history.at, 1);
});
