import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { backoff, Connection } from '../assets/connection.js';

/** A connection with sockets that do what the test says. */
function setUp(t) {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const world = { sockets: [], heard: [], live: [], lost: [], refused: 0, screen: { v: 3, page: 1, app: 'd' } };
  class Socket {
    readyState = 0;
    sent = [];
    constructor() {
      world.sockets.push(this);
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
    close() {
      this.readyState = 3;
    }
    opens() {
      this.readyState = 1;
      this.onopen();
    }
    says(message) {
      this.onmessage({ data: JSON.stringify(message) });
    }
    breaks(code = 1006) {
      this.readyState = 3;
      this.onclose({ code });
    }
    /** What was sent since the last time. */
    news() {
      return this.sent.splice(0);
    }
  }
  world.connection = new Connection({
    url: 'ws://test/',
    screen: () => world.screen,
    heard: (message) => world.heard.push(message.t),
    changed: (live) => world.live.push(live),
    refused: () => (world.refused += 1),
    lost: (why) => world.lost.push(why),
    Socket,
  });
  world.connection.open();
  return world;
}

function greeted(t) {
  const world = setUp(t);
  const [socket] = world.sockets;
  socket.opens();
  socket.says({ t: 'welcome', seq: 0 });
  socket.news();
  return { ...world, world, socket };
}

test('greets first, sends events after the welcome', (t) => {
  const { connection, sockets: [socket], live } = setUp(t);
  connection.event({ t: 'show' });
  socket.opens();
  const [hello, ...rest] = socket.news();
  assert.deepEqual(rest, []);
  assert.match(hello.client, /^[0-9a-f]{24}$/);
  assert.deepEqual({ ...hello, client: '' }, { t: 'hello', client: '', v: 3, page: 1, app: 'd' });
  socket.says({ t: 'welcome', seq: 0 });
  assert.deepEqual(socket.news(), [{ t: 'show', seq: 1 }]);
  assert.deepEqual(live, [true]);
});

test('sends again after a break what was not taken, under the same name', (t) => {
  const { connection, socket, world } = greeted(t);
  connection.event({ t: 'back' });
  connection.event({ t: 'refresh' });
  socket.says({ t: 'ack', seq: 1 });
  socket.breaks();
  assert.equal(connection.live, false);
  mock.timers.tick(1_000);
  const second = world.sockets[1];
  second.opens();
  second.says({ t: 'welcome', seq: 1 });
  const [hello, ...events] = second.news();
  assert.equal(hello.t, 'hello');
  assert.deepEqual(events, [{ t: 'refresh', seq: 2 }]);
});

test('slow: waits, then sends that event and all after it', (t) => {
  const { connection, socket } = greeted(t);
  connection.event({ t: 'a' });
  connection.event({ t: 'b' });
  socket.news();
  socket.says({ t: 'slow', seq: 1 });
  socket.says({ t: 'slow', seq: 2 });
  connection.event({ t: 'c' });
  assert.deepEqual(socket.news(), []);
  mock.timers.tick(100);
  assert.deepEqual(socket.news().map((message) => message.seq), [1, 2, 3]);
});

test('patches that do not fit are not heard until the server has greeted again', (t) => {
  const { connection, socket, world } = greeted(t);
  connection.resync();
  connection.resync();
  assert.equal(socket.news().length, 1);
  socket.says({ t: 'patch', v: 9, ops: [] });
  assert.deepEqual(world.heard, []);
  socket.says({ t: 'welcome', seq: 0 });
  socket.says({ t: 'page', v: 9 });
  socket.says({ t: 'patch', v: 10, ops: [] });
  assert.deepEqual(world.heard, ['page', 'patch']);
});

test('begins anew with a server that has forgotten it, and loses nothing', (t) => {
  const { connection, socket, world } = greeted(t);
  connection.event({ t: 'a' });
  socket.says({ t: 'ack', seq: 1 });
  connection.event({ t: 'b' });
  socket.breaks();
  mock.timers.tick(1_000);
  const second = world.sockets[1];
  second.opens();
  const [first] = second.news();
  second.says({ t: 'welcome', seq: 0 });
  const [again] = second.news();
  assert.notEqual(again.client, first.client);
  second.says({ t: 'welcome', seq: 0 });
  assert.deepEqual(second.news(), [{ t: 'b', seq: 1 }]);
});

test('an event that nobody takes ends a dead connection, whatever else is heard', (t) => {
  const { connection, socket, world } = greeted(t);
  connection.event({ t: 'a' });
  for (let second = 1; second < 10; second += 1) {
    mock.timers.tick(1_000);
    socket.says({ t: 'pong' });
  }
  assert.equal(connection.live, true);
  mock.timers.tick(1_000);
  assert.equal(connection.live, false);
  mock.timers.tick(1_000);
  assert.equal(world.sockets.length, 2);
});

test('tells when it could not even connect, and stops when told to', (t) => {
  const world = setUp(t);
  const { connection, sockets } = world;
  sockets[0].breaks();
  assert.equal(world.refused, 1);
  connection.stop();
  mock.timers.tick(60_000);
  connection.hurry();
  assert.equal(sockets.length, 1);
});

test('waits longer each time, with an end, and never the same', () => {
  assert.deepEqual([0, 1, 2, 3].map((attempt) => backoff(attempt, 1)), [250, 500, 1_000, 2_000]);
  assert.equal(backoff(50, 1), 10_000);
  assert.equal(backoff(50, 0), 5_000);
});

test('a connection on which nothing comes is asked, and given up within seconds', (t) => {
  const { connection, socket, world } = greeted(t);
  mock.timers.tick(4_000);
  assert.deepEqual(socket.news(), [{ t: 'ping' }]);
  socket.says({ t: 'pong' });
  mock.timers.tick(4_000);
  assert.deepEqual(socket.news(), [{ t: 'ping' }]);
  mock.timers.tick(3_999);
  assert.equal(connection.live, true);
  mock.timers.tick(1);
  assert.equal(connection.live, false);
  mock.timers.tick(1_000);
  assert.equal(world.sockets.length, 2);
});

test('a server that takes the connection and says nothing is given up too', (t) => {
  const world = setUp(t);
  world.sockets[0].opens();
  mock.timers.tick(8_000);
  mock.timers.tick(1_000);
  assert.equal(world.sockets.length, 2);
});

test('what is too long is told and not sent, and what comes after it is', (t) => {
  const { connection, socket, world } = greeted(t);
  connection.event({ t: 'input', value: { text: '中'.repeat(87_400) } });
  connection.event({ t: 'back' });
  assert.deepEqual(world.lost, ['too-large']);
  assert.deepEqual(socket.news(), [{ t: 'back', seq: 1 }]);
});

test('what the server refuses is told, and not sent again', (t) => {
  const { connection, socket, world } = greeted(t);
  connection.event({ t: 'a' });
  connection.event({ t: 'b' });
  socket.news();
  socket.says({ t: 'refused', seq: 1, why: 'too-large', most: 262144 });
  assert.deepEqual(world.lost, ['too-large']);
  socket.breaks();
  mock.timers.tick(1_000);
  world.sockets[1].opens();
  world.sockets[1].says({ t: 'welcome', seq: 1 });
  assert.deepEqual(world.sockets[1].news().slice(1), [{ t: 'b', seq: 2 }]);
});

test('what the server could not read is told as that, and what came after it goes on', (t) => {
  const { connection, socket, world } = greeted(t);
  connection.event({ t: 'a' });
  connection.event({ t: 'b' });
  socket.says({ t: 'refused', seq: 1, why: 'malformed' });
  socket.says({ t: 'ack', seq: 2 });
  assert.deepEqual(world.lost, ['malformed']);
  assert.equal(connection.outbox.size, 0);
});

test('an event that is told to be slow for ever ends the connection too, however often it is sent', (t) => {
  const { connection, socket } = greeted(t);
  connection.event({ t: 'a' });
  for (let tenth = 1; tenth < 100; tenth += 1) {
    socket.says({ t: 'slow', seq: 1 });
    mock.timers.tick(100);
  }
  assert.equal(connection.live, true);
  assert.ok(socket.news().length > 50);
  mock.timers.tick(100);
  assert.equal(connection.live, false);
});

test('an event is watched from when it is the first', (t) => {
  const { connection, socket } = greeted(t);
  connection.event({ t: 'a' });
  connection.event({ t: 'b' });
  mock.timers.tick(6_000);
  socket.says({ t: 'ack', seq: 1 });
  mock.timers.tick(3_000);
  socket.says({ t: 'pong' });
  mock.timers.tick(3_000);
  assert.equal(connection.live, true);
  // What is forgotten is watched no more.
  connection.forget();
  socket.says({ t: 'welcome', seq: 0 });
  connection.event({ t: 'c' });
  for (let second = 1; second < 10; second += 1) {
    mock.timers.tick(1_000);
    socket.says({ t: 'pong' });
  }
  assert.equal(connection.live, true);
});

test('an event under which every connection breaks is given up and told', (t) => {
  const { connection, world } = greeted(t);
  connection.event({ t: 'bad' });
  connection.event({ t: 'good' });
  for (let count = 0; count < 4; count += 1) {
    world.sockets.at(-1).breaks();
    mock.timers.tick(10_000);
    world.sockets.at(-1).opens();
    world.sockets.at(-1).says({ t: 'welcome', seq: 0 });
  }
  assert.deepEqual(world.lost, ['not-taken']);
  assert.deepEqual(world.sockets.at(-1).news().slice(1), [{ t: 'nothing', seq: 1 }, { t: 'good', seq: 2 }]);
});

test('a server that could not hear a message for its size gets the rest', (t) => {
  const { connection, socket, world } = greeted(t);
  connection.outbox.mostBytes = 1 << 20;
  connection.event({ t: 'input', value: { text: 'a'.repeat(300_000) } });
  connection.event({ t: 'back' });
  socket.breaks(1009);
  assert.deepEqual(world.lost, ['too-large']);
  mock.timers.tick(1_000);
  world.sockets[1].opens();
  world.sockets[1].says({ t: 'welcome', seq: 0, most: 262144 });
  assert.deepEqual(world.sockets[1].news().slice(1), [{ t: 'nothing', seq: 1 }, { t: 'back', seq: 2 }]);
});

test('a server that has forgotten what it took gets nothing twice', (t) => {
  const { connection, socket, world } = greeted(t);
  connection.event({ t: 'pay' });
  socket.breaks();
  connection.event({ t: 'back' });
  mock.timers.tick(1_000);
  const second = world.sockets[1];
  second.opens();
  const [first] = second.news();
  second.says({ t: 'forgotten' });
  const [again] = second.news();
  assert.notEqual(again.client, first.client);
  second.says({ t: 'welcome', seq: 0 });
  assert.deepEqual(second.news(), [{ t: 'back', seq: 1 }]);
  assert.deepEqual(world.lost, ['forgotten']);
});
