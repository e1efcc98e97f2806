// A field like a map: lines of latitude and longitude, some places to go by, and the device, which can be dragged about.
// There are no pictures of streets: they would have to come from another server.

const METRES_PER_DEGREE = 111_320;
const HEIGHT = 260;
/** Metres to a pixel. */
const SCALES = [0.5, 1, 2, 5, 10, 20, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000];
/** Degrees from line to line. */
const STEPS = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30];
/** The height of a field of the grid that coarse locations are rounded to. */
const COARSE_DEGREES = 0.01;
/** Where one may find oneself, the best known first. */
const PLACES = [
  ['Jakarta, Monas', -6.1754, 106.8272], ['Bundaran HI', -6.195, 106.823], ['Kota Tua', -6.1352, 106.8133],
  ['Gelora Bung Karno', -6.2183, 106.8023], ['Stasiun Gambir', -6.1767, 106.8306], ['Tanah Abang', -6.1857, 106.811],
  ['Ancol', -6.1223, 106.833], ['Blok M', -6.2443, 106.7981], ['Ragunan', -6.3125, 106.8201],
  ['Bandung', -6.9175, 107.6191], ['Yogyakarta', -7.7956, 110.3695], ['Surabaya', -7.2575, 112.7521],
  ['Denpasar', -8.6705, 115.2126], ['Medan', 3.5952, 98.6722], ['Makassar', -5.1477, 119.4327],
  ['Singapore', 1.3521, 103.8198], ['Bangkok', 13.7563, 100.5018], ['Tokyo', 35.6762, 139.6503],
  ['Sydney', -33.8688, 151.2093], ['Delhi', 28.6139, 77.209], ['Nairobi', -1.2864, 36.8172],
  ['Berlin', 52.52, 13.405], ['London', 51.5072, -0.1276], ['New York', 40.7128, -74.006], ['São Paulo', -23.5505, -46.6333],
];

/** @param {string} tag @param {{ [name: string]: string | number }} [attributes] @param {...(Node | string)} children */
export function shape(tag, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

export class MapField {
  /** @type {{ lat: number, lon: number, accuracy: number } | null} */
  #at = null;
  #centre = { lat: 0, lon: 0 };
  #scale = SCALES.indexOf(10);
  /** @type {import('./track.js').Point[]} */
  #track = [];
  #dragging = false;

  /** @param {(lat: number, lon: number, done: boolean) => void} moved */
  constructor(moved) {
    this.moved = moved;
    this.svg = shape('svg', { class: 'map', tabindex: 0, role: 'application', 'aria-label': 'Where the device is. The arrow keys move it, + and − zoom' });
    this.svg.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      this.svg.setPointerCapture(event.pointerId);
      this.#dragging = true;
      this.#drag(event, false);
    });
    this.svg.addEventListener('pointermove', (event) => {
      if (this.#dragging) this.#drag(event, false);
    });
    this.svg.addEventListener('pointerup', (event) => {
      if (!this.#dragging) return;
      this.#dragging = false;
      this.#drag(event, true);
      this.#follow(0.9);
    });
    this.svg.addEventListener('pointercancel', () => (this.#dragging = false));
    this.svg.addEventListener('wheel', (event) => {
      event.preventDefault();
      this.zoom(Math.sign(event.deltaY));
    }, { passive: false });
    this.svg.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#draw()).observe(this.svg);
  }

  /** Where the device is; `null`: it does not know. @param {{ lat: number, lon: number, accuracy: number } | null} at */
  show(at) {
    const first = !this.#at && at;
    if (this.#dragging) return;
    this.#at = at;
    if (first) this.#centre = { lat: at.lat, lon: at.lon };
    this.#follow(0.8);
  }

  /** @param {import('./track.js').Point[]} track */
  showTrack(track) {
    this.#track = track;
    this.#draw();
  }

  /** @param {number} steps out of the map */
  zoom(steps) {
    this.#scale = Math.min(SCALES.length - 1, Math.max(0, this.#scale + steps));
    if (this.#at) this.#centre = { lat: this.#at.lat, lon: this.#at.lon };
    this.#draw();
  }

  get #width() {
    return this.svg.clientWidth || 320;
  }

  get #metres() {
    return SCALES[this.#scale];
  }

  /** Pixels to a degree, north and east. */
  get #pixels() {
    const north = METRES_PER_DEGREE / this.#metres;
    return { north, east: north * Math.max(0.05, Math.cos((this.#centre.lat * Math.PI) / 180)) };
  }

  #place(lat, lon) {
    const { north, east } = this.#pixels;
    return [this.#width / 2 + (lon - this.#centre.lon) * east, HEIGHT / 2 - (lat - this.#centre.lat) * north];
  }

  #drag(event, done) {
    const box = this.svg.getBoundingClientRect();
    const { north, east } = this.#pixels;
    this.#go(
      this.#centre.lat - (event.clientY - box.top - HEIGHT / 2) / north,
      this.#centre.lon + (event.clientX - box.left - this.#width / 2) / east,
      done,
    );
  }

  #go(lat, lon, done) {
    const within = (value, most) => Math.min(most, Math.max(-most, value));
    const accuracy = this.#at?.accuracy ?? 5;
    this.#at = { lat: within(lat, 90), lon: within(lon, 180), accuracy };
    this.#draw();
    this.moved(this.#at.lat, this.#at.lon, done);
  }

  #key(event) {
    const step = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (step && this.#at) {
      event.preventDefault();
      const { north, east } = this.#pixels;
      this.#go(this.#at.lat + (step[0] * 10) / north, this.#at.lon + (step[1] * 10) / east, true);
      this.#follow(0.8);
    } else if (event.key === '+' || event.key === '-') {
      this.zoom(event.key === '+' ? -1 : 1);
    }
  }

  /** Moves the map when the device has left its middle. @param {number} part how large the middle is */
  #follow(part) {
    if (this.#at) {
      const [x, y] = this.#place(this.#at.lat, this.#at.lon);
      const away = Math.max(Math.abs(x / this.#width - 0.5), Math.abs(y / HEIGHT - 0.5)) * 2;
      if (away > part) this.#centre = { lat: this.#at.lat, lon: this.#at.lon };
    }
    this.#draw();
  }

  #draw() {
    this.svg.setAttribute('viewBox', `0 0 ${this.#width} ${HEIGHT}`);
    this.svg.replaceChildren(...this.#lines(), ...this.#coarse(), ...this.#way(), ...this.#places(), ...this.#device(), this.#ruler());
  }

  #lines() {
    const { north, east } = this.#pixels;
    const step = STEPS.find((one) => one * Math.min(north, east) >= 72) ?? 30;
    const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    const drawn = [];
    const label = (value, ends) => `${Math.abs(value).toFixed(digits)}°${value < 0 ? ends[1] : ends[0]}`;
    const span = { lat: HEIGHT / 2 / north, lon: this.#width / 2 / east };
    for (let n = Math.ceil((this.#centre.lat - span.lat) / step); n * step <= this.#centre.lat + span.lat; n += 1) {
      const [, y] = this.#place(n * step, 0);
      drawn.push(shape('path', { class: 'map-line', d: `M0 ${y.toFixed(1)}H${this.#width}` }));
      if (y > 34 && y < HEIGHT - 34) drawn.push(shape('text', { class: 'map-degrees', x: 8, y: y - 5 }, label(n * step, 'NS')));
    }
    for (let n = Math.ceil((this.#centre.lon - span.lon) / step); n * step <= this.#centre.lon + span.lon; n += 1) {
      const [x] = this.#place(0, n * step);
      drawn.push(shape('path', { class: 'map-line', d: `M${x.toFixed(1)} 0V${HEIGHT}` }));
      if (x > 90 && x < this.#width - 90) drawn.push(shape('text', { class: 'map-degrees', x: x + 5, y: 16 }, label(n * step, 'EW')));
    }
    return drawn;
  }

  /** The field that an app sees which may only know about where. */
  #coarse() {
    if (!this.#at) return [];
    const { north, east } = this.#pixels;
    const height = COARSE_DEGREES * north;
    if (height < 8 || height > 3_000) return [];
    const floor = (value, field) => Math.floor(value / field) * field;
    const south = floor(this.#at.lat, COARSE_DEGREES);
    const middle = south + COARSE_DEGREES / 2;
    const width = 360 / Math.round(360 / Math.min(30, COARSE_DEGREES / Math.max(1e-6, Math.cos((middle * Math.PI) / 180))));
    const [x, y] = this.#place(south + COARSE_DEGREES, floor(this.#at.lon, width));
    const field = shape('rect', { class: 'map-coarse', x, y, width: width * east, height, rx: 6 });
    field.append(shape('title', {}, 'An app that may only know about where the device is sees this field'));
    return [field];
  }

  #way() {
    if (this.#track.length < 2) return [];
    const every = Math.ceil(this.#track.length / 2_000);
    const points = this.#track.filter((_, index) => index % every === 0 || index === this.#track.length - 1);
    const line = points.map(({ lat, lon }) => this.#place(lat, lon).map((value) => value.toFixed(1)).join(' '));
    return [shape('path', { class: 'map-track', d: `M${line.join('L')}` })];
  }

  #places() {
    const shown = [];
    const drawn = [];
    for (const [name, lat, lon] of PLACES) {
      const [x, y] = this.#place(lat, lon);
      if (x < 8 || x > this.#width - 8 || y < 8 || y > HEIGHT - 8) continue;
      if (shown.some(([a, b]) => Math.abs(a - x) < 130 && Math.abs(b - y) < 22)) continue;
      shown.push([x, y]);
      // Who is there needs no name in the way.
      if (this.#at && Math.hypot(...this.#place(this.#at.lat, this.#at.lon).map((value, axis) => value - [x, y][axis])) < 26) continue;
      const end = x > this.#width - 130;
      drawn.push(shape('circle', { class: 'map-place', cx: x, cy: y, r: 3 }),
        shape('text', { class: 'map-name', x: x + (end ? -8 : 8), y: y + 4, 'text-anchor': end ? 'end' : 'start' }, name));
    }
    return drawn;
  }

  #device() {
    if (!this.#at) {
      return [shape('text', { class: 'map-none', x: this.#width / 2, y: HEIGHT / 2, 'text-anchor': 'middle' }, 'The device does not know where it is')];
    }
    const [x, y] = this.#place(this.#at.lat, this.#at.lon);
    const wide = Math.min(2_000, this.#at.accuracy / this.#metres);
    return [
      shape('circle', { class: 'map-accuracy', cx: x, cy: y, r: Math.max(wide, 12) }),
      shape('circle', { class: 'map-device', cx: x, cy: y, r: 7 }),
    ];
  }

  #ruler() {
    const most = this.#metres * 110;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((one) => one * power).find((one) => one <= most) ?? power;
    const [left, right] = [12, 12 + length / this.#metres];
    const says = length < 1_000 ? `${length} m` : `${length / 1_000} km`;
    return shape('g', { class: 'map-ruler' },
      shape('path', { d: `M${left} ${HEIGHT - 18}v6H${right}v-6` }),
      shape('text', { x: (left + right) / 2, y: HEIGHT - 18, 'text-anchor': 'middle' }, says));
  }
}
