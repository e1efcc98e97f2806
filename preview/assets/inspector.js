// The inspector: opens and closes, shows one of its panels, hands messages on to them.

import { byId } from './chrome.js';
import { ConsolePanel } from './inspector-console.js';
import { DevicePanel } from './inspector-device.js';
import { AppPanel, EventsPanel, StoragePanel } from './inspector-lists.js';
import { TrustPanel } from './inspector-trust.js';
import { ViewPanel } from './inspector-view.js';

/** From this width on it stands beside the phone. */
const wide = matchMedia('(min-width: 1000px)');
const KEPT = 'lapak-inspector';

export class Inspector {
  open = false;
  #panel = 'console';

  /**
   * @param {object} options
   * @param {(message: import('./outbox.js').Message) => boolean} options.tell
   * @param {() => import('./pages.js').Pages} options.pages
   * @param {() => void} options.restart
   */
  constructor({ tell, pages, restart }) {
    this.tell = tell;
    const panel = (/** @type {string} */ name) => byId(`panel-${name}`);
    this.console = new ConsolePanel(panel('console'), byId('tab-console'));
    this.view = new ViewPanel(panel('view'), pages);
    this.events = new EventsPanel(panel('events'));
    this.storage = new StoragePanel(panel('storage'), () => tell({ t: 'storage' }));
    this.device = new DevicePanel(panel('device'), byId('tab-device'), tell);
    this.trust = new TrustPanel(panel('trust'), tell);
    this.app = new AppPanel(panel('app'), { token: document.body.dataset.token ?? '', restart });
    // Without the developer's switch there is only what is the person's own.
    this.whole = document.body.dataset.inspector === 'true';
    const tabs = [...document.querySelectorAll('#inspector [role="tab"]')];
    this.tabs = this.whole ? tabs : tabs.filter((tab) => tab.id === 'tab-trust');
    for (const tab of tabs) tab.hidden ||= !this.tabs.includes(tab);
    this.#listen();
    const kept = remembered();
    const first = this.whole ? 'console' : 'trust';
    this.#panel = this.tabs.some((tab) => tab.id === `tab-${kept.panel}`) ? kept.panel : first;
    for (const panel of document.querySelectorAll('#inspector [role="tabpanel"]')) panel.hidden = true;
    this.show(wide.matches && this.whole && kept.open !== false, false);
  }

  /** @param {boolean} open @param {boolean} [keep] whether to remember it */
  show(open, keep = true) {
    if (this.open !== open) this.#tellOpen(open);
    this.open = open;
    byId('inspector').hidden = !open;
    byId('inspector-show').hidden = open;
    this.#select(this.#panel, keep);
  }

  /** The server greets: it has to be told again. */
  connected() {
    if (this.open) this.#tellOpen(true);
  }

  /** @param {any} message @returns {boolean} whether it was one for the inspector */
  heard(message) {
    switch (message.t) {
      case 'log':
        this.console.add(message);
        return true;
      case 'event':
        this.events.add(message);
        return true;
      case 'storage':
        this.storage.show(message);
        return true;
      case 'device':
        this.device.show(message);
        return true;
      case 'trust':
        this.trust.show(message);
        return true;
      case 'about':
        this.app.show(message);
        return true;
      default:
        return false;
    }
  }

  #tellOpen(open) {
    if (open) {
      // All that the server has kept comes again.
      this.console.reset();
      this.events.reset();
    }
    if (this.whole) this.tell({ t: 'inspect', on: open });
    if (!open) return;
    // Whether there is a device to set, its tab tells.
    if (this.whole) this.device.ask();
    this.#ask();
  }

  /** What comes only when it is asked for. */
  #ask() {
    if (this.#panel === 'storage') this.tell({ t: 'storage' });
    if (this.#panel === 'device') this.device.ask();
    if (this.#panel === 'trust') this.trust.ask();
  }

  /** A sheet was answered: what is shown of it may be old. */
  changed() {
    if (this.open && this.#panel === 'trust') this.trust.ask();
  }

  #select(name, keep = true) {
    this.#panel = name;
    for (const tab of this.tabs) {
      const chosen = tab.id === `tab-${name}`;
      tab.setAttribute('aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      byId(tab.getAttribute('aria-controls')).hidden = !chosen;
      if (chosen && this.open) tab.scrollIntoView({ block: 'nearest', inline: 'center' });
    }
    this.view.show(this.open && name === 'view');
    if (name === 'console') this.console.shown();
    if (keep) remember({ open: this.open, panel: name });
  }

  #listen() {
    byId('inspector-show').addEventListener('click', () => this.show(true));
    byId('inspector-hide').addEventListener('click', () => this.show(false));
    byId('inspector').addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !wide.matches) this.show(false);
    });
    wide.addEventListener('change', () => this.show(wide.matches && this.whole && remembered().open !== false, false));
    this.tabs.forEach((tab, index) => {
      const choose = (/** @type {HTMLElement} */ one) => {
        this.#select(one.id.slice('tab-'.length));
        this.#ask();
      };
      tab.addEventListener('click', () => choose(tab));
      tab.addEventListener('keydown', (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const shown = this.tabs.filter((one) => !one.hidden);
        const next = shown[(shown.indexOf(this.tabs[index]) + step + shown.length) % shown.length];
        next.focus();
        choose(next);
      });
    });
  }
}

/** What the person chose the last time. @returns {{ open?: boolean, panel?: string }} */
function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? '{}');
  } catch {
    return {};
  }
}

function remember(chosen) {
  try {
    // Only where it stands beside the phone is being open a choice to keep.
    const open = wide.matches ? chosen.open : remembered().open;
    localStorage.setItem(KEPT, JSON.stringify({ ...chosen, open }));
  } catch {
    // A browser that keeps nothing forgets this too.
  }
}
