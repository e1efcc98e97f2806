// What the person does in the app's box, as events of nodes. One listener for each kind, on the box.

import { collect, fieldOf, idOf, kindOf, nodeOf, refusedIn, showSlider, takenOf, uncheckOthers, valueOf } from './controls.js';
import { Typing } from './typing.js';

/**
 * @typedef {object} Events
 * @property {(node: Element, on: string, value: unknown, key?: string | null) => void} send
 * @property {import('./controls.js').Drafts} drafts
 * @property {() => boolean} quiet whether what happens now is the shell's own doing
 * @property {(text: string) => void} tell says something to the person
 * @property {() => void} composed a word has been composed
 */

const CONTROLS = new Set(['button', 'checkbox', 'input', 'label', 'picker', 'radio', 'slider', 'switch', 'textarea']);
const LONG_PRESS_MS = 500;
/** A finger that moves further is scrolling. */
const SLOP_PX = 10;

/** The key under which a field's unsent values overtake one another. @param {Element} node */
export function inputKey(node) {
  return `input ${idOf(node)}`;
}

/** @param {Element} node @param {string} trigger */
function asks(node, trigger) {
  return (node.getAttribute('data-on') ?? '').split(' ').includes(trigger);
}

/** The node at or around the target that asks for this. @param {EventTarget | null} target @param {string} trigger */
function asking(target, trigger) {
  return target instanceof Element ? target.closest(`[data-n][data-on~="${trigger}"]`) : null;
}

/** @param {Element} element */
function isIdle(element) {
  return element.matches(':disabled, [aria-disabled="true"], [aria-busy="true"]');
}

/**
 * The node that a tap is for. A control keeps its taps to itself.
 * @param {EventTarget | null} target
 */
function tapped(target) {
  for (let node = nodeOf(target); node; node = nodeOf(node.parentElement)) {
    if (isIdle(node)) return null;
    if (node.hasAttribute('data-nav') || asks(node, 'tap')) return node;
    if (CONTROLS.has(kindOf(node))) return null;
  }
  return null;
}

/** @param {HTMLElement} box @param {Events} events */
export function listen(box, events) {
  const fields = listenToFields(box, events);
  const press = listenToPresses(box, events, fields.flush);

  box.addEventListener('click', (event) => {
    const button = event.target instanceof Element ? event.target.closest('.lp-button') : null;
    if (press.used() || (button && isIdle(button))) {
      event.preventDefault();
      return;
    }
    const node = tapped(event.target);
    fields.flush();
    if (node) events.send(node, 'tap', null);
    // A button in a button is a <div>, which browsers do not submit with.
    if (button?.localName === 'div') formAction(button);
  });

  box.addEventListener('keydown', (event) => {
    const node = event.target;
    if (!(node instanceof Element) || !node.hasAttribute('data-n')) return;
    if (node.matches('button, input, textarea, select')) return;
    if ((event.key !== 'Enter' && event.key !== ' ') || event.repeat) return;
    if (!node.hasAttribute('data-nav') && !asks(node, 'tap')) return;
    event.preventDefault();
    if (isIdle(node)) return;
    fields.flush();
    events.send(node, 'tap', null);
    if (kindOf(node) === 'button') formAction(node);
  });
  return { flush: fields.flush, composing: fields.composing };
}

/** @param {Element} button */
function formAction(button) {
  const form = button.closest('form');
  if (button.getAttribute('type') === 'submit') form?.requestSubmit();
  else if (button.getAttribute('type') === 'reset') form?.reset();
}

/** Values: while they change, and when they have changed. */
function listenToFields(box, events) {
  /** Nodes with a value that waits for the next frame. @type {Set<Element>} */
  const waiting = new Set();
  /** Fields that were typed into since their last `change`: browsers tell of none where the shell set a value. */
  const dirty = new WeakSet();
  let frame = 0;

  const flush = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    const nodes = [...waiting].filter((node) => fieldOf(node) !== typing.composing);
    waiting.clear();
    for (const node of nodes) if (node.isConnected) sendValue(node, 'input', inputKey(node));
  };
  const sendValue = (node, on, key = null) => {
    // Typed on within the frame, a number may be none any more: then what it was last counts.
    const value = valueOf(node) ?? (on === 'input' ? typing.lastRight(node) : null);
    if (value === null) return;
    if (on === 'input' || !['input', 'textarea', 'radio'].includes(kindOf(node))) {
      events.drafts.sent(fieldOf(node), 'toggled' in value ? value.toggled : String(Object.values(value)[0]));
    }
    events.send(node, on, value, key);
  };
  /** The person changed a node's value; `ready` if it is one that the app may hear. */
  const edited = (node, ready) => {
    const kind = kindOf(node);
    if (!['input', 'textarea', 'slider'].includes(kind)) return;
    if (kind !== 'slider') dirty.add(fieldOf(node));
    if (!asks(node, 'input')) return;
    events.drafts.changed(fieldOf(node));
    if (!ready) return;
    waiting.add(node);
    frame ||= requestAnimationFrame(flush);
  };
  const changed = (node) => {
    flush();
    const field = fieldOf(node);
    dirty.delete(field);
    const says = !typing.refused(node) || (kindOf(node) !== 'picker' && field.value !== field.defaultValue);
    if (says && asks(node, 'change')) sendValue(node, 'change');
  };
  const typing = new Typing(box, { drafts: events.drafts, tell: events.tell, edited, composed: events.composed });

  box.addEventListener('change', (event) => {
    const node = nodeOf(event.target);
    if (!node) return;
    if (kindOf(node) === 'radio') uncheckOthers(event.target);
    changed(node);
  });

  listenToForms(box, events, flush, typing);
  for (const [name, on] of [['focusin', 'focus'], ['focusout', 'blur']]) {
    box.addEventListener(name, (event) => {
      const node = nodeOf(event.target);
      if (!node || events.quiet()) return;
      flush();
      if (on === 'blur') {
        if (dirty.has(fieldOf(node))) changed(node);
        typing.left(node);
      }
      if (asks(node, on)) events.send(node, on, null);
    });
  }

  holdWhileDragged(box, events);
  return { flush, composing: () => typing.composing };
}

/** Forms that are sent and cleared, and Enter in an input. */
function listenToForms(box, events, flush, typing) {
  box.addEventListener('submit', (event) => {
    event.preventDefault();
    const form = event.target;
    if (!(form instanceof Element) || typing.justComposed()) return;
    flush();
    const wrong = refusedIn(form);
    if (wrong) {
      events.tell(wrong.refused);
      fieldOf(wrong.node).focus();
    } else if (asks(form, 'submit')) {
      events.send(form, 'submit', collect(form));
    }
  });

  box.addEventListener('reset', (event) => {
    const form = event.target;
    if (!(form instanceof Element)) return;
    flush();
    if (asks(form, 'reset')) events.send(form, 'reset', null);
    // The fields go back after this event.
    setTimeout(() => {
      form.querySelectorAll('.lp-slider').forEach(showSlider);
      form.querySelectorAll('[data-f]').forEach((node) => typing.forget(node));
    });
  });

  box.addEventListener('keydown', (event) => {
    const node = event.target;
    if (event.key !== 'Enter' || event.repeat || typing.isComposedKey(event)) return;
    if (!(node instanceof HTMLInputElement) || !node.hasAttribute('data-n') || !asks(node, 'submit')) return;
    flush();
    const { value, refused } = takenOf(node);
    if (value === undefined) return events.tell(refused ?? '');
    // After the browser's own `change`, so that the app has the value when it is told that it is final.
    setTimeout(() => events.send(node, 'submit', { text: value }));
  });
}

/** A slider half dragged: answers wait. */
function holdWhileDragged(box, events) {
  box.addEventListener('pointerdown', (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || field.type !== 'range') return;
    events.drafts.hold(field, true);
    const release = () => {
      events.drafts.hold(field, false);
      removeEventListener('pointerup', release);
      removeEventListener('pointercancel', release);
    };
    addEventListener('pointerup', release);
    addEventListener('pointercancel', release);
  });
}

/** Long presses. Tells whether a click is the end of one. */
function listenToPresses(box, events, flush) {
  let timer = 0;
  let used = false;
  let from = { x: 0, y: 0 };
  const stop = () => clearTimeout(timer);

  box.addEventListener('pointerdown', (event) => {
    stop();
    used = false;
    const node = asking(event.target, 'long-press');
    if (!node || event.button !== 0 || !event.isPrimary) return;
    from = { x: event.clientX, y: event.clientY };
    timer = setTimeout(() => {
      if (!node.isConnected || isIdle(node)) return;
      used = true;
      flush();
      events.send(node, 'long-press', null);
    }, LONG_PRESS_MS);
  });
  box.addEventListener('pointermove', (event) => {
    if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > SLOP_PX) stop();
  });
  for (const name of ['pointerup', 'pointercancel', 'pointerleave']) box.addEventListener(name, stop);
  box.addEventListener('scroll', stop, { capture: true, passive: true });
  box.addEventListener('contextmenu', (event) => {
    if (asking(event.target, 'long-press') && event.pointerType !== 'mouse') event.preventDefault();
  });
  // Keys click without a pointer, and then nothing was pressed before.
  box.addEventListener('keydown', () => (used = false));
  return { used: () => used };
}
