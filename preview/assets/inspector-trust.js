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
    this.capability = element('select', { 'aria-label': 'Of which capability' }, element('option', { value: '' }, 'Everything'));
    this.days = element('select', { 'aria-label': 'Of which time' }, element('option', { value: '7' }, 'in the last 7 days'), element('option', { value: '1' }, 'in the last 24 hours'), element('option', { value: '' }, 'ever'));
    this.sum = element('output');
    panel.append(
      element('div', { class: 'inspector-tools' }, this.summary, this.#uninstall(), refresh),
      element('div', { class: 'inspector-trust' }, this.grants, this.consents),
      element('div', { class: 'inspector-filter' }, this.capability, this.days, this.sum),
      list,
      says,
    );
    refresh.addEventListener('click', () => this.ask());
    this.capability.addEventListener('change', () => this.ask());
    this.days.addEventListener('change', () => this.ask());
  }

  ask() {
    const of = { capability: this.capability.value || null, days: Number(this.days.value) || null };
    this.tell({ t: 'trust', of });
  }

  /** Taken at its word the second time. */
  #uninstall() {
    const made = element('button', { type: 'button', class: 'inspector-button', 'data-danger': '', 'data-uninstall': '', title: 'Closes the app, and forgets what you answered and what it stored' }, 'Uninstall');
    const calm = () => {
      made.textContent = 'Uninstall';
      made.removeAttribute('data-sure');
    };
    made.addEventListener('blur', calm);
    made.addEventListener('click', () => {
      if (!made.hasAttribute('data-sure')) {
        made.toggleAttribute('data-sure', true);
        made.textContent = 'Forget everything?';
        return;
      }
      calm();
      this.tell({ t: 'uninstall' });
    });
    return made;
  }

  /**
   * @param {object} trust
   * @param {{ capability: string, state: string, why: string | null, granted: boolean, asked_for: boolean }[]} trust.grants
   * @param {{ capability: string, subject: string, answer: string, at_ms: number }[]} trust.consents
   * @param {any[]} trust.audit
   * @param {number} trust.most entries that are told of
   */
  show({ grants, consents, audit, most }) {
    this.grants.replaceChildren(...grants.map((grant) => this.#grant(grant)));
    const kept = new Set(consents.map((consent) => consent.capability));
    const meanwhile = grants.filter((grant) => grant.needs_consent && grant.state === 'allowed' && !kept.has(grant.capability));
    this.consents.replaceChildren(
      ...consents.map((consent) => this.#consent(consent.capability, consent.subject, `${ANSWERS[consent.answer] ?? consent.answer}, ${new Date(consent.at_ms).toLocaleString('en')}`)),
      ...meanwhile.map(({ capability }) => this.#consent(capability, '', 'allowed while this is open')),
    );
    this.#capabilities(grants);
    this.body.replaceChildren(...audit.map(entry));
    this.keep(audit.length);
    this.summary.textContent = 'What the app may use, what you answered, and what it did';
    this.sum.replaceChildren(...summed(audit, this.capability.value, this.days.selectedOptions[0].text, most));
  }

  /** Those that something can be told of. What is chosen stays. */
  #capabilities(grants) {
    const named = grants.filter((grant) => grant.allows);
    if (this.capability.options.length === named.length + 1) return;
    const chosen = this.capability.value;
    this.capability.replaceChildren(element('option', { value: '' }, 'Everything'), ...named.map((grant) => element('option', { value: grant.capability }, grant.capability)));
    this.capability.value = chosen;
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

  #consent(capability, subject, answer) {
    const back = element('button', { type: 'button', class: 'inspector-button', 'data-take-back': capability }, 'Take back');
    back.addEventListener('click', () => this.tell({ t: 'take-back', capability, subject }));
    const says = `You said: ${[capability, subject].filter(Boolean).join(' ')} is ${answer}`;
    return element('p', {}, element('span', {}, says), back);
  }
}

/** The time of day, and the day unless it is today's. @param {number} at */
function moment(at) {
  const day = new Date(at).toDateString();
  const time = timeOfDay(at);
  return day === new Date().toDateString() ? time : `${day.slice(4, 10)}, ${time.slice(0, 5)}`;
}

/** How often something was used and refused, in a sentence. */
function summed(audit, capability, time, most) {
  const count = (/** @type {boolean} */ allowed) => audit.filter((entry) => entry.allowed === allowed).reduce((sum, entry) => sum + entry.times, 0);
  const more = audit.length >= most ? 'at least ' : '';
  const times = (/** @type {number} */ number) => element('b', {}, `${more}${number} ${number === 1 ? 'time' : 'times'}`);
  return [`${capability || 'Everything'} ${time}: used `, times(count(true)), ', refused ', times(count(false))];
}

/** @param {any} entry */
function entry({ at_ms: at, capability, function: name, about, outcome, allowed, grant, consent, times, request }) {
  const what = element('td', { class: 'inspector-code', title: request }, `${capability}.${name}`);
  if (times > 1) what.append(` × ${times}`);
  const why = [grant, consent && `consent: ${consent}`].filter(Boolean).join('; ');
  const row = element(
    'tr',
    {},
    element('td', { title: new Date(at).toString() }, moment(at)),
    what,
    element('td', {}, about),
    element('td', {}, outcome),
    element('td', {}, why),
  );
  row.toggleAttribute('data-refused', !allowed);
  return row;
}
