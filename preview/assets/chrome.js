// What the phone shows around the app: status bar, navigation bar, capsule, tab bar.

/**
 * @typedef {object} Page the message `page`; see PROTOCOL.md
 * @property {number} v
 * @property {number} page
 * @property {string} app
 * @property {string} name
 * @property {string} css
 * @property {string} route
 * @property {string} title
 * @property {number} depth
 * @property {{ page: string, text: string, icon: string, selected: boolean }[] | null} tabs
 * @property {{ bar: boolean, bar_background: string, bar_dark_text: boolean, background: string, refresh: boolean,
 *   bottom_distance: number, fullscreen: boolean }} window
 * @property {'light' | 'dark'} scheme
 * @property {string} lang
 * @property {'ltr' | 'rtl'} dir
 * @property {string | null} zone the person's time zone, as this server knows it
 * @property {string} html
 */

/** The prefix below which the server is reached, without a slash at its end: these scripts lie in `<prefix>/_lapak/`. */
export const BASE = new URL('..', import.meta.url).pathname.replace(/\/$/, '');

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

/** The message that the session's page came with. @returns {Page} */
export function firstPage() {
  return JSON.parse(byId('state').textContent);
}

/** The person's own sign. @returns {{ picture: string, colour: number, words: string }} */
export function ownSign() {
  return JSON.parse(byId('sign').textContent);
}

/** Colours of the bars and of what is behind the app, as the manifest has them. @param {Page} page */
export function showWindow({ window, scheme, v }) {
  const screen = byId('screen');
  const set = (/** @type {string} */ name, /** @type {string} */ value) => screen.style.setProperty(name, value);
  set('--bar', window.bar_background);
  set('--bar-text', window.bar_dark_text ? '#111827' : '#ffffff');
  set('--capsule', window.bar_dark_text ? 'rgba(255, 255, 255, .6)' : 'rgba(0, 0, 0, .18)');
  set('--capsule-line', window.bar_dark_text ? 'rgba(0, 0, 0, .1)' : 'rgba(255, 255, 255, .28)');
  // The manifest has one colour only, which is meant for light pages.
  set('--window', scheme === 'dark' ? 'transparent' : window.background);
  screen.dataset.bar = window.fullscreen ? 'none' : window.bar ? 'shown' : 'own';
  byId('box').parentElement.toggleAttribute('data-waiting', v === 0);
}

/** @param {Page} page */
export function showBars(page) {
  showTitle(page.title, page.name);
  byId('back').hidden = page.depth <= 1;
  for (const id of ['title', 'tabs']) byId(id).lang = page.lang;
  byId('screen').dir = page.dir;
  showTabs(page.tabs);
}

/** @param {string} title @param {string} name the app's */
export function showTitle(title, name) {
  byId('strip-app').textContent = name;
  byId('title').textContent = title;
  byId('box').setAttribute('aria-label', title);
  document.title = title === name ? name : `${title} · ${name}`;
}

/** @param {Page['tabs']} tabs */
function showTabs(tabs) {
  const bar = byId('tabs');
  const shown = [...bar.children];
  const same = shown.length === (tabs?.length ?? 0) && shown.every((one, index) => one.dataset.page === tabs?.[index].page);
  if (!same) bar.replaceChildren(...(tabs ?? []).map(tabButton));
  tabs?.forEach((tab, index) => {
    const button = bar.children[index];
    button.querySelector('span').textContent = tab.text;
    if (tab.selected) button.setAttribute('aria-current', 'page');
    else button.removeAttribute('aria-current');
  });
}

/** @param {NonNullable<Page['tabs']>[number]} tab */
function tabButton(tab) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'tab';
  button.dataset.page = tab.page;
  // Markup of the host's own symbol.
  button.innerHTML = tab.icon;
  button.append(document.createElement('span'));
  return button;
}

/** Keeps the status bar's time. @param {() => void} minute what else is looked at once a minute */
export function runClock(minute) {
  const show = () => {
    const now = new Date();
    byId('clock').textContent = `${now.getHours()}:${String(now.getMinutes()).padStart(2, '0')}`;
    minute();
    setTimeout(show, 60_000 - (now.getTime() % 60_000) + 20);
  };
  show();
}
