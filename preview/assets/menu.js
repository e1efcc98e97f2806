// The capsule's menu.

import { byId } from './chrome.js';

/**
 * @param {object} options
 * @param {{ [name: string]: () => void }} options.actions by the items' `data-do`
 * @param {(name: string) => boolean} options.offers whether an item makes sense now
 */
export function listenToMenu({ actions, offers }) {
  const [menu, button] = [byId('menu'), byId('menu-button')];
  const items = () => [...menu.children].filter((item) => !item.hidden);

  const close = (back = true) => {
    if (menu.hidden) return;
    menu.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    if (back) button.focus({ preventScroll: true });
  };
  const open = () => {
    for (const item of menu.querySelectorAll('[data-do]')) item.hidden = !offers(item.dataset.do);
    menu.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    items()[0]?.focus({ preventScroll: true });
  };

  button.addEventListener('click', () => (menu.hidden ? open() : close()));
  addEventListener('pointerdown', (event) => {
    if (!menu.contains(event.target) && !button.contains(event.target)) close(false);
  });
  menu.addEventListener('click', (event) => {
    const item = event.target.closest('[role="menuitem"]');
    if (!item) return;
    close();
    actions[item.dataset.do]?.();
  });
  menu.addEventListener('keydown', (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1 + all.length,
      Home: 0,
      End: all.length - 1,
    }[event.key];
    if (to !== undefined) all[to % all.length].focus();
    else if (event.key === 'Escape' || event.key === 'Tab') close(event.key === 'Escape');
    else return;
    event.preventDefault();
  });
}
