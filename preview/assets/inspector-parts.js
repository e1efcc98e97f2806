// Panels for parts of the simulated device. Each shows only where the device has that part, and says what it wants in the
// same words as a script.

import { element } from './overlays.js';

/** @param {string} name @param {Node} field */
const named = (name, field) => element('label', {}, element('span', {}, name), field);
/** @param {...Node} fields */
const row = (...fields) => element('div', { class: 'device-row' }, ...fields);

/** Buttons of which one is on. @param {[string, string][]} choices words and text @param {(words: string) => void} chosen */
function choice(choices, chosen) {
  return element('div', { class: 'device-choice', role: 'group' }, ...choices.map(([words, text]) => {
    const made = element('button', { type: 'button', 'data-words': words }, text);
    made.addEventListener('click', () => chosen(words));
    return made;
  }));
}

/** @param {string} text @param {() => void} act */
function button(text, act) {
  const made = element('button', { type: 'button', class: 'inspector-button' }, text);
  made.addEventListener('click', act);
  return made;
}

/** @param {{ [name: string]: string }} attributes @param {() => void} changed */
function field(attributes, changed) {
  const made = element('input', attributes);
  made.addEventListener('change', changed);
  return made;
}

/** A panel that does not look at the state: the line above it tells. */
const plain = (/** @type {Element} */ made) => ({ element: made, show: () => {} });

/** @type {{ [part: string]: (set: (words: string) => void) => { element: Element, show: (state: any) => void } }} */
export const PANELS = {
  battery(set) {
    const send = () => set(`${level.value}${charging.checked ? ' charging' : ''}`);
    const level = field({ type: 'range', min: '0', max: '100', value: '80', 'aria-label': 'Charge in percent' }, send);
    const charging = field({ type: 'checkbox' }, send);
    return plain(row(named('Charge', level), element('label', { class: 'device-check' }, charging, element('span', {}, 'Charging'))));
  },

  network(set) {
    let kind = 'wifi';
    const metered = field({ type: 'checkbox' }, () => say());
    const delay = field({ type: 'number', min: '0', max: '60000', step: '100', value: '0', 'aria-label': 'Delay of each answer in milliseconds' }, () => say());
    const say = () => set(kind === 'off' ? kind : `${kind}${metered.checked ? ' metered' : ''}${Number(delay.value) > 0 ? ` slow ${delay.value}` : ''}`);
    const kinds = choice([['wifi', 'Wi-Fi'], ['cellular', 'Cellular'], ['off', 'Off']], (words) => {
      kind = words;
      say();
    });
    return plain(row(kinds, element('label', { class: 'device-check' }, metered, element('span', {}, 'Metered')), named('Delay ms', delay)));
  },

  device(set) {
    return plain(row(
      choice([['theme light', 'Light'], ['theme dark', 'Dark']], set),
      choice([['locale en', 'English'], ['locale id', 'Indonesia']], set),
    ));
  },

  motion(set) {
    const axis = (/** @type {string} */ name, /** @type {string} */ value) => field(
      { type: 'number', step: '0.1', value, 'aria-label': `Accelerometer ${name}, in m/s²` },
      () => set(`accelerometer ${axes.map((one) => one.value || '0').join(' ')}`),
    );
    const axes = [axis('x', '0'), axis('y', '0'), axis('z', '9.8')];
    const compass = field({ type: 'range', min: '0', max: '359', value: '0', 'aria-label': 'Compass in degrees' }, () => set(`compass ${compass.value}`));
    return plain(element('div', {}, row(...axes.map((one, at) => named(`${'xyz'[at]} m/s²`, one))), row(named('Compass', compass))));
  },

  scan(set) {
    const text = element('input', { type: 'text', 'aria-label': 'What the code says', placeholder: 'What the code says' });
    return plain(row(text, button('Show a QR code', () => set(`qr ${text.value}`))));
  },

  bluetooth(set) {
    const id = element('input', { type: 'text', 'aria-label': 'The lock’s id', placeholder: 'id, e.g. SPD-0042' });
    return plain(row(id, button('Attach a lock', () => set(`add lock ${id.value.trim()}`))));
  },
};
