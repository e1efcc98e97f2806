// Where the simulated device is: a map to drag it about, coordinates, and a track that is played back.

import { MapField } from './inspector-map.js';
import { element } from './overlays.js';
import { clock, metres, readGpx, whereAt } from './track.js';

/** How often the device is moved, at most. */
const PAUSE_MS = 200;
const DIGITS = 6;

export class LocationPanel {
  /** @type {import('./track.js').Point[]} */
  #track = [];
  #timer = 0;
  #sent = 0;
  #last = 0;
  #at = 0;

  /** @param {(words: string) => void} set */
  constructor(set) {
    this.set = set;
    this.map = new MapField((lat, lon, done) => this.#moved(lat, lon, done));
    const number = (/** @type {string} */ name, /** @type {string} */ label) => {
      const field = element('input', { type: 'number', step: 'any', name, 'aria-label': label });
      field.addEventListener('change', () => this.#typed());
      return field;
    };
    this.lat = number('latitude', 'Latitude');
    this.lon = number('longitude', 'Longitude');
    this.accuracy = number('accuracy', 'Accuracy in metres');
    this.on = element('input', { type: 'checkbox', name: 'known' });
    this.on.addEventListener('change', () => (this.on.checked ? this.#typed() : set('off')));
    const button = (/** @type {string} */ text, /** @type {string} */ label, /** @type {() => void} */ act) => {
      const made = element('button', { type: 'button', 'aria-label': label, title: label }, text);
      made.addEventListener('click', act);
      return made;
    };
    const zoom = element('div', { class: 'map-zoom' },
      button('+', 'Closer', () => this.map.zoom(-1)), button('−', 'Farther', () => this.map.zoom(1)));
    const named = (/** @type {string} */ name, /** @type {Node} */ field) => element('label', {}, element('span', {}, name), field);
    this.element = element('div', { class: 'device-location' },
      element('div', { class: 'map-frame' }, this.map.svg, zoom),
      element('div', { class: 'device-row' },
        named('Latitude', this.lat), named('Longitude', this.lon), named('± metres', this.accuracy),
        element('label', { class: 'device-check' }, this.on, element('span', {}, 'Knows where it is'))),
      this.#player());
  }

  /** @param {{ latitude: number, longitude: number, accuracy: number } | null} state */
  show(state) {
    this.on.checked = state !== null;
    if (state) {
      this.#fill(this.lat, state.latitude.toFixed(DIGITS));
      this.#fill(this.lon, state.longitude.toFixed(DIGITS));
      this.#fill(this.accuracy, String(state.accuracy));
    }
    this.map.show(state && { lat: state.latitude, lon: state.longitude, accuracy: state.accuracy });
  }

  /** What is being typed stays. */
  #fill(field, text) {
    if (document.activeElement !== field) field.value = String(Number(text));
  }

  #typed() {
    const lat = this.lat.value || '0';
    const lon = this.lon.value || '0';
    this.set(`${lat} ${lon} ${this.accuracy.value || '5'}`);
  }

  #moved(lat, lon, done) {
    const now = performance.now();
    if (!done && now - this.#sent < PAUSE_MS) return;
    this.#sent = now;
    this.set(`${lat.toFixed(DIGITS)} ${lon.toFixed(DIGITS)} ${this.accuracy.value || '5'}`);
  }

  #player() {
    this.file = element('input', { type: 'file', accept: '.gpx,application/gpx+xml', 'aria-label': 'A track as a GPX file' });
    this.play = element('button', { type: 'button', class: 'inspector-button', 'data-play': '' }, 'Play');
    this.speed = element('select', { 'aria-label': 'Speed' }, element('option', { value: '1' }, '1×'), element('option', { value: '10' }, '10×'));
    this.along = element('input', { type: 'range', min: '0', max: '1', step: 'any', value: '0', 'aria-label': 'How far along the track' });
    this.says = element('p', { class: 'device-says' }, 'A GPX file is ridden along, as fast as it was recorded.');
    this.controls = element('div', { class: 'device-row', hidden: '' }, this.play, this.speed, this.along);
    this.file.addEventListener('change', () => void this.#open());
    this.play.addEventListener('click', () => (this.#timer ? this.#stop() : this.#start()));
    this.along.addEventListener('input', () => this.#seek(Number(this.along.value) * this.#length));
    const choose = element('label', { class: 'inspector-button' }, 'Choose a track…', this.file);
    return element('div', { class: 'device-track' }, element('div', { class: 'device-row' }, choose, this.says), this.controls);
  }

  get #length() {
    return this.#track.at(-1)?.at ?? 0;
  }

  async #open() {
    const [file] = this.file.files;
    if (!file) return;
    this.#stop();
    this.#track = readGpx(await file.text());
    // The same file can be chosen again.
    this.file.value = '';
    const there = this.#track.length > 1;
    this.controls.hidden = !there;
    this.map.showTrack(this.#track);
    if (!there) {
      this.says.textContent = `${file.name} has no track that could be read as GPX.`;
      return;
    }
    const far = this.#track.reduce((sum, point, index) => sum + (index ? metres(this.#track[index - 1], point) : 0), 0);
    this.says.textContent = `${file.name}: ${(far / 1_000).toFixed(2)} km in ${clock(this.#length)}`;
    this.#seek(0);
  }

  #start() {
    if (this.#at >= this.#length) this.#at = 0;
    this.#last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      const gone = ((now - this.#last) / 1_000) * Number(this.speed.value);
      this.#last = now;
      this.#seek(Math.min(this.#length, this.#at + gone));
      if (this.#at >= this.#length) this.#stop();
    }, PAUSE_MS);
    this.play.textContent = 'Pause';
  }

  #stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
    this.play.textContent = 'Play';
  }

  /** @param {number} at seconds from the track's beginning */
  #seek(at) {
    this.#at = at;
    this.along.value = String(this.#length ? at / this.#length : 0);
    const { lat, lon } = whereAt(this.#track, at);
    this.set(`${lat.toFixed(DIGITS)} ${lon.toFixed(DIGITS)} ${this.accuracy.value || '5'}`);
  }
}
