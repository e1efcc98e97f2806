// Lines over time in an SVG of our own. Colours and widths are load.css's.

import { element } from './overlays.js';

const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT = 150;
const LEFT = 46;
const BOTTOM = 6;
const TOP = 8;
/** Lines of a linear grid above 0. */
const MOST_TICKS = 4;

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {'one' | 'two' | 'three'} ink
 * @property {boolean} [quiet] drawn thin
 * @property {(history: import('./load-numbers.js').History, index: number) => number | null} value
 */

/** @param {string} tag @param {{ [name: string]: string | number }} attributes */
function shape(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}

/** Round numbers from 0 to somewhat above the largest value, few of them. @param {number} largest @param {number} base */
function linear(largest, base) {
  const top = Math.max(largest, 1);
  const round = base === 10 ? [1, 2, 5] : [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
  let unit = 1;
  while (unit * base < top / MOST_TICKS) unit *= base;
  const step = unit * (round.find((one) => top / (unit * one) <= MOST_TICKS) ?? base);
  const count = Math.ceil(top / step);
  return { ticks: Array.from({ length: count + 1 }, (_, index) => index * step), place: (value) => value / (count * step) };
}

/** Powers of ten around the values. @param {number[]} values */
function logarithmic(values) {
  const positive = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(...positive, 1e4)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...positive, 1e5))), low + 1);
  const ticks = Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index));
  return { ticks, place: (value) => Math.max(0, (Math.log10(Math.max(value, 1)) - low) / (high - low)) };
}

export class Plot {
  /**
   * @param {object} options
   * @param {string} options.title
   * @param {string} options.note
   * @param {Series[]} options.series
   * @param {(value: number) => string} options.write
   * @param {'lines' | 'stack' | 'log'} [options.kind]
   * @param {number} [options.base] in which numbers are round
   * @param {number} options.most readings from left to right
   * @param {(index: number | null) => void} options.point somebody points at a reading, counted from the newest
   */
  constructor(options) {
    this.options = options;
    this.svg = shape('svg', { role: 'img' });
    this.values = options.series.map((series) => {
      const value = element('b', {}, '–');
      const entry = element('li', { class: `load-${series.ink}` }, element('i'), series.name, value);
      if (series.quiet) entry.dataset.quiet = '';
      return { entry, value };
    });
    const legend = element('ul', { class: 'load-legend' }, ...this.values.map((one) => one.entry));
    this.section = element('section', { class: 'load-chart' }, element('h2', {}, options.title), element('p', {}, options.note), this.svg, legend);
    this.svg.addEventListener('pointermove', (event) => options.point(this.#back(/** @type {PointerEvent} */ (event))));
    this.svg.addEventListener('pointerleave', () => options.point(null));
  }

  /** @param {import('./load-numbers.js').History} history @param {number | null} pointed counted from the newest */
  draw(history, pointed) {
    const { series, write, title } = this.options;
    const rows = series.map((one) => Array.from({ length: history.length }, (_, index) => one.value(history, index)));
    const shown = Math.max(0, history.length - 1 - (pointed ?? 0));
    const says = rows.map((row, index) => {
      const value = row[shown];
      const text = value === null || value === undefined ? '–' : write(value);
      this.values[index].value.textContent = text;
      return `${series[index].name} ${text}`;
    });
    this.svg.setAttribute('aria-label', `${title}: ${says.join(', ')}`);
    this.#paint(this.options.kind === 'stack' ? stacked(rows) : rows, pointed);
  }

  /** @param {(number | null)[][]} rows @param {number | null} pointed */
  #paint(rows, pointed) {
    const { kind = 'lines', series, write, most, base = 10 } = this.options;
    const width = this.svg.clientWidth || 360;
    this.svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    const known = rows.flat().filter((value) => value !== null);
    const scale = kind === 'log' ? logarithmic(known) : linear(Math.max(0, ...known), base);
    const y = (value) => HEIGHT - BOTTOM - scale.place(value) * (HEIGHT - BOTTOM - TOP);
    const x = (back) => width - 2 - (back / (most - 1)) * (width - LEFT - 2);
    const drawn = scale.ticks.flatMap((tick) => [
      shape('line', { class: 'load-grid', x1: LEFT, x2: width, y1: y(tick), y2: y(tick) }),
      text(write(tick), y(tick)),
    ]);
    for (const [index, row] of rows.entries()) {
      const point = (value, at) => `${x(row.length - 1 - at).toFixed(1)},${y(value).toFixed(1)}`;
      const { ink, quiet } = series[index];
      for (const run of runs(row)) {
        const points = run.map(([at, value]) => point(value, at));
        if (kind === 'stack') {
          const floor = run.map(([at]) => point(rows[index - 1]?.[at] ?? 0, at)).reverse();
          drawn.push(shape('polygon', { class: `load-area load-${ink}`, points: [...points, ...floor].join(' ') }));
        }
        // A single reading is a line from itself to itself: its round ends are a dot.
        const line = shape('polyline', { class: `load-line load-${ink}`, points: [points[0], ...points].join(' ') });
        if (quiet) line.setAttribute('data-quiet', '');
        drawn.push(line);
      }
    }
    if (pointed !== null) drawn.push(shape('line', { class: 'load-cursor', x1: x(pointed), x2: x(pointed), y1: TOP, y2: HEIGHT - BOTTOM }));
    this.svg.replaceChildren(...drawn);
  }

  /** @param {PointerEvent} event */
  #back(event) {
    const { left, width } = this.svg.getBoundingClientRect();
    const part = (left + width - 2 - event.clientX) / (width - LEFT - 2);
    return Math.max(0, Math.min(this.options.most - 1, Math.round(part * (this.options.most - 1))));
  }
}

/** @param {string} says @param {number} y */
function text(says, y) {
  const made = shape('text', { class: 'load-tick', x: LEFT - 8, y: y + 3.5, 'text-anchor': 'end' });
  made.textContent = says;
  return made;
}

/** Each row on top of those before it. @param {(number | null)[][]} rows */
function stacked(rows) {
  const sums = [];
  return rows.map((row) => row.map((value, at) => (sums[at] = (sums[at] ?? 0) + (value ?? 0))));
}

/** Stretches without a gap. @param {(number | null)[]} row @returns {[number, number][][]} */
function runs(row) {
  const found = [];
  let open = null;
  for (const [at, value] of row.entries()) {
    if (value === null) open = null;
    else if (open) open.push([at, value]);
    else found.push((open = [[at, value]]));
  }
  return found;
}
