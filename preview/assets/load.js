// The live page of the server's load: asks once a second, keeps two minutes, draws.

import { byId } from './chrome.js';
import { History, bytes, counted, duration, number } from './load-numbers.js';
import { Plot } from './load-plot.js';
import { element } from './overlays.js';

const EVERY_MS = 1_000;
const KEPT = 120;
/** Seconds over which a tenant's share is taken. */
const SHARE_OVER = 10;
const MOST_TENANTS = 8;
const CLASSES = /** @type {const} */ ([['foreground', 'one'], ['visible', 'two'], ['background', 'three']]);

const history = new History(KEPT);
/** The reading that somebody points at, counted from the newest. @type {number | null} */
let pointed = null;

/** @param {string} name @param {'one' | 'two' | 'three'} ink @param {(reading: any) => number} of */
const level = (name, ink, of) => ({ name, ink, value: (all, index) => of(all.at(index)) });
/** @param {string} name @param {'one' | 'two' | 'three'} ink @param {(reading: any) => number} of */
const rate = (name, ink, of) => ({ name, ink, value: (all, index) => all.rate(of, index) });
/** Half and nearly all stay below. @param {string} name @param {'one' | 'two' | 'three'} ink @param {(reading: any) => any} of */
const spread = (name, ink, of) => [
  { name: `${name} p99`.trim(), ink, value: (all, index) => all.quantile(of, index, 0.99) },
  { name: `${name} p50`.trim(), ink, quiet: true, value: (all, index) => all.quantile(of, index, 0.5) },
];
const faults = (reading) => reading.faults.reduce((sum, [, count]) => sum + count, 0);

const plots = [
  {
    title: 'Sessions', note: 'by where their memory is', kind: 'stack', write: number,
    series: [level('in an instance', 'one', (now) => now.resident), level('frozen', 'two', (now) => now.frozen), level('on disk', 'three', (now) => now.stored)],
  },
  { title: 'Events', note: 'handled in a second', write: number, series: [rate('events/s', 'one', (now) => counted(now.event_wall))] },
  { title: 'Event time', note: 'from the tap to the patch', kind: 'log', write: duration, series: spread('', 'one', (now) => now.event_wall) },
  { title: 'Event CPU time', note: 'of the app and the host functions it calls', kind: 'log', write: duration, series: spread('', 'one', (now) => now.event_cpu) },
  {
    title: 'Queue delay', note: 'from ready to running, by class', kind: 'log', write: duration,
    series: CLASSES.flatMap(([name, ink], index) => spread(name, ink, (now) => now.queue_delay[index][1])),
  },
  {
    title: 'Wait and run', note: 'sessions at this moment', write: number,
    series: [level('waiting', 'two', (now) => sum(now.scheduler.waiting)), level('running', 'one', (now) => sum(now.scheduler.running)), level('parked', 'three', (now) => now.scheduler.parked)],
  },
  {
    title: 'Freeze and thaw', note: 'in a second', write: number,
    series: [rate('frozen/s', 'two', (now) => counted(now.freeze)), rate('thawed/s', 'one', (now) => counted(now.thaw))],
  },
  {
    title: 'Time to freeze, to thaw', note: 'without the event', kind: 'log', write: duration,
    series: [...spread('freeze', 'two', (now) => now.freeze), ...spread('thaw', 'one', (now) => now.thaw)],
  },
  { title: 'Frozen bytes', note: 'snapshots in memory', write: bytes, base: 2 ** 10, kind: 'stack', series: [level('snapshots', 'two', (now) => now.frozen_bytes)] },
  {
    title: 'Disk', note: 'sessions in a second', write: number,
    series: [rate('written/s', 'one', (now) => now.written), rate('spilled/s', 'two', (now) => now.spilled), rate('fetched/s', 'three', (now) => now.fetched)],
  },
].map((one) => new Plot({ ...one, most: KEPT, point }));

const TILES = [
  ['Sessions', (now) => number(now.sessions)],
  ['Instances', (now) => number(now.instances)],
  ['Events/s', () => number(history.rate((now) => counted(now.event_wall), history.length - 1) ?? 0)],
  ['Event p99', () => written(history.quantile((now) => now.event_wall, history.length - 1, 0.99))],
  ['Preemptions', (now) => number(now.scheduler.preemptions)],
  ['Steals', (now) => number(now.scheduler.stolen)],
  ['Sheds', (now) => number(now.scheduler.sheds), (now) => now.scheduler.sheds > 0],
  ['Faults', (now) => number(faults(now)), (now) => faults(now) > 0],
  ['Store errors', (now) => number(now.store_errors), (now) => now.store_errors > 0],
];

/** @param {number[]} all */
function sum(all) {
  return all.reduce((total, one) => total + one, 0);
}

/** @param {number | null} ns */
function written(ns) {
  return ns === null ? '–' : duration(ns);
}

function drawTiles() {
  const now = history.at(history.length - 1);
  const tiles = TILES.map(([name, value, bad]) => {
    const tile = element('div', {}, element('dt', {}, name), element('dd', {}, value(now)));
    if (bad?.(now)) tile.dataset.bad = '';
    return tile;
  });
  byId('tiles').replaceChildren(...tiles);
}

const bars = element('ul', { class: 'load-bars' });
const idle = element('p', { class: 'load-none' }, 'Nobody has used the processor lately.');
const tenants = element('section', { class: 'load-chart' }, element('h2', {}, 'Processor by tenant'), element('p', {}, `of one core, the last ${SHARE_OVER} s`), bars, idle);

function drawTenants() {
  const last = history.length - 1;
  const used = (name) => (reading) => new Map(reading.tenants).get(name) ?? 0;
  const shares = history.at(last).tenants.map(([name]) => [name, (history.rate(used(name), last, SHARE_OVER) ?? 0) / 1e9]);
  const busy = shares.filter(([, share]) => share >= 0.00005).sort(([, a], [, b]) => b - a).slice(0, MOST_TENANTS);
  idle.hidden = busy.length > 0;
  const most = Math.max(1, ...busy.map(([, share]) => share));
  bars.replaceChildren(...busy.map(([name, share]) => {
    const meter = element('meter', { min: '0', max: String(most), value: String(share), 'aria-label': name });
    return element('li', {}, element('span', { title: name }, name), element('b', {}, `${(share * 100).toFixed(share < 0.1 ? 2 : 0)} %`), meter);
  }));
}

/** @param {number | null} index */
function point(index) {
  pointed = index;
  draw();
}

function draw() {
  if (!history.length) return;
  const back = pointed === null ? null : Math.min(pointed, history.length - 1);
  for (const plot of plots) plot.draw(history, back);
}

async function ask() {
  try {
    const answer = await fetch('/_lapak/load.json', { cache: 'no-store' });
    if (!answer.ok) throw new Error(String(answer.status));
    history.push(await answer.json(), performance.now());
    byId('away').hidden = true;
    drawTiles();
    drawTenants();
    draw();
  } catch (error) {
    console.info('no reading', error);
    byId('away').hidden = false;
  }
  setTimeout(ask, EVERY_MS);
}

byId('charts').append(...plots.map((plot) => plot.section), tenants);
addEventListener('resize', draw);
void ask();
