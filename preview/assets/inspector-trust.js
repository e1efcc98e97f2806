// What the app may use, what the person agreed to, and what came of every use; all of it can be taken back here.

import { element } from './overlays.js';
import { listOf, table } from './inspector-lists.js';
import { timeOfDay } from './text.js';

const STATES = { allowed: 'may be used', asks: 'asks you first', denied: 'refused' };
const ANSWERS = { always: 'allowed', no: 'not allowed' };

export class TrustPanel {
  /** @param {HTMLElement} panel @param {(message: import('./outbox.js').Message) => void} tell */
  constructor(panel, tell) {
    this.tell = tell;
    this.grants = element('ul', { class: 'inspector-grants', 'aria-label': 'What the app may use' });
    this.consents = element('div', { class: 'inspector-consents' });
    const { body, whole } = table(['When', 'What', 'About', 'Outcome', 'Why']);
    this.body = body;
    this.summary = element('p', {}, 'Asking…');
    const { list, says, keep } = listOf(whole, 'Audit', 'Nothing was asked for yet that is written down.');
    this.keep = keep;
    const refresh = element('button', { type: 'button', class: 'inspector-button' }, 'Refresh');
    panel.append(
      element('div', { class: 'inspector-tools' }, this.summary, refresh),
      element('div', { class: 'inspector-trust' }, this.grants, this.consents),
      list,
      says,
    );
    refresh.addEventListener('click', () => this.ask());
  }

  ask() {
    this.tell({ t: 'trust' });
  }

  /**
   * @param {object} trust
   * @param {{ capability: string, state: string, why: string | null, granted: boolean, asked_for: boolean }[]} trust.grants
   * @param {{ capability: string, subject: string, answer: string, at_ms: number }[]} trust.consents
   * @param {any[]} trust.audit
   */
  show({ grants, consents, audit }) {
    this.grants.replaceChildren(...grants.map((grant) => this.#grant(grant)));
    this.consents.replaceChildren(...consents.map((consent) => this.#consent(consent)));
    this.body.replaceChildren(...audit.map(entry));
    this.keep(audit.length);
    const entries = audit.length === 1 ? '1 entry' : `${audit.length} entries`;
    this.summary.textContent = `Grants, consents, and the audit: ${entries}, newest first`;
  }

  #grant({ capability, state, why, granted, asked_for: asked }) {
    const on = element('input', { type: 'checkbox', 'data-grant': capability });
    on.checked = granted;
    // What the manifest does not ask for, nobody can grant.
    on.disabled = !asked;
    on.addEventListener('change', () => this.tell({ t: 'grant', capability, on: on.checked }));
    const label = element('label', {}, on, element('b', {}, capability), element('small', {}, why ?? STATES[state] ?? state));
    const row = element('li', {}, label);
    row.dataset.state = state;
    return row;
  }

  #consent({ capability, subject, answer, at_ms: at }) {
    const back = element('button', { type: 'button', class: 'inspector-button', 'data-take-back': capability }, 'Take back');
    back.addEventListener('click', () => this.tell({ t: 'take-back', capability, subject }));
    const says = `You said: ${[capability, subject].filter(Boolean).join(' ')} is ${ANSWERS[answer] ?? answer}, ${new Date(at).toLocaleString('en')}`;
    return element('p', {}, element('span', {}, says), back);
  }
}

/** @param {any} entry */
function entry({ at_ms: at, capability, function: name, about, outcome, allowed, grant, consent, times, request }) {
  const what = element('td', { class: 'inspector-code', title: request }, `${capability}.${name}`);
  if (times > 1) what.append(` × ${times}`);
  const why = [grant, consent && `consent: ${consent}`].filter(Boolean).join('; ');
  const row = element(
    'tr',
    {},
    element('td', { title: new Date(at).toString() }, timeOfDay(at)),
    what,
    element('td', {}, about),
    element('td', {}, outcome),
    element('td', {}, why),
  );
  row.toggleAttribute('data-refused', !allowed);
  return row;
}
