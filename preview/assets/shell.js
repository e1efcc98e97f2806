// The shell: shows a session's screen, sends what the person does. PROTOCOL.md has the messages.

import { BackButton } from './back.js';
import { BASE, byId, firstPage, ownSign, runClock } from './chrome.js';
import { Connection } from './connection.js';
import { idOf, nodeOf } from './controls.js';
import { inputKey, listen } from './events.js';
import { Inspector } from './inspector.js';
import { listenToMenu } from './menu.js';
import {
  hideCard, listenToOverlays, showBuild, showBusy, showConnection, showEnd, showGone, showWhyAway, toast,
} from './overlays.js';
import { Pages } from './pages.js';
import { listenToPull } from './pull.js';
import { dragWithMouse, listenToEnds } from './scrolling.js';
import { PaymentSheet } from './sheet.js';
import { shellText } from './shell-texts.js';
import { Swipers } from './swiper.js';
import { noteZone, zoneHere } from './zone.js';

const box = byId('box');
let ended = false;

const connection = new Connection({
  url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${BASE}/s/${document.body.dataset.token}/ws`,
  screen: () => ({ v: pages.shown.v, page: pages.shown.page, app: pages.shown.app }),
  heard,
  changed: (live) => {
    showConnection(live, pages.shown.lang);
    if (!live) showBusy(false, '', restart);
    sheet.connection(live);
    if (live) unreachable = 0;
    if (live) inspector.connected();
  },
  refused: () => void askWhetherGone(),
  lost: (why) => toast(shellText(pages.shown.lang, why)),
});

const swipers = new Swipers(box, (swiper, index) => send(swiper, 'change', { index }));
const pages = new Pages(firstPage(), {
  waits: (field) => {
    const node = nodeOf(field);
    return node !== null && connection.outbox.waits(inputKey(node));
  },
  swipers,
  changed: () => inspector.view.changed(),
});
const inspector = new Inspector({ tell: (message) => connection.tell(message), pages: () => pages, restart });
const sheet = new PaymentSheet({
  dialog: byId('sheet'),
  screen: byId('screen'),
  strip: byId('strip'),
  lit: byId('strip-lit'),
  sign: ownSign(),
  tell: (message) => connection.tell(message),
});
/** Pages and patches that would take a word away that is being composed, and what came after them. @type {any[]} */
let later = [];
const events = listen(box, {
  send,
  drafts: pages.drafts,
  quiet: () => pages.busy,
  tell: toast,
  composed: () => later.splice(0).forEach(show),
});
const pull = listenToPull(box, { allowed: () => pages.shown.window.refresh && !ended, refresh: () => act({ t: 'refresh' }) });
const backButton = new BackButton(() => act({ t: 'back' }));

/** An event of a node. @param {Element} node @param {string} on @param {unknown} value @param {string | null} key */
function send(node, on, value, key = null) {
  if (!ended) notePlace(connection.event({ t: 'input', node: idOf(node), on, value }, key));
}

/** An event of the whole page. @param {import('./outbox.js').Message} message */
function act(message) {
  events.flush();
  if (!ended) notePlace(connection.event(message));
}

/** @param {boolean} room */
function notePlace(room) {
  if (!room) toast(shellText(pages.shown.lang, 'full'));
}

/** Ends this session and starts the app again. */
function restart() {
  if (!connection.tell({ t: 'restart' })) {
    toast('There is no connection at the moment.');
    return false;
  }
  connection.forget();
  pages.forget();
  return true;
}

/** @param {any} message */
function heard(message) {
  if (inspector.heard(message)) return;
  if (sheet.heard(message)) {
    inspector.changed();
    return;
  }
  const field = events.composing();
  const shows = message.t === 'page' || message.t === 'patch';
  if (field && shows && (later.length || message.t === 'page' || pages.disturbs(message, field))) later.push(message);
  else show(message);
}

/** @param {any} message */
function show(message) {
  switch (message.t) {
    case 'page':
      ended = false;
      // Another session knows of the person's zone what the server does.
      if (message.app !== pages.shown.app) zone = message.zone;
      hideCard();
      sheet.dress(message);
      pages.paint(message);
      backButton.at(message.depth);
      tellZone();
      pull.answered();
      break;
    case 'patch':
      patch(message);
      pull.answered();
      break;
    case 'ended':
      ended = true;
      showBusy(false, '', restart);
      showEnd(message, restart);
      break;
    case 'busy':
      showBusy(message.on, pages.shown.lang, restart);
      break;
    case 'building':
    case 'build-failed':
    case 'built':
      showBuild(message);
      break;
    case 'open':
      location.assign(message.href);
      break;
    case 'error':
      toast(message.message);
      break;
    default:
      console.warn('a message that this page does not know', message);
  }
}

/** @param {any} message */
function patch(message) {
  if (message.v !== pages.shown.v + 1) {
    connection.resync();
    return;
  }
  try {
    pages.patch(message);
  } catch (error) {
    // Whatever is shown now, it is not what the server thinks: a version that never was brings the whole page.
    console.error(error);
    pages.shown.v = 0;
    connection.resync();
  }
}

/** After a connection that could not be opened: is the server away, or does it not know the session? */
async function askWhetherGone() {
  const answer = await fetch(location.pathname, { method: 'HEAD', cache: 'no-store' }).catch(() => null);
  if (answer?.status !== 404) {
    if (answer?.ok) await askWhyAway();
    return;
  }
  ended = true;
  connection.stop();
  showConnection(true);
  showGone();
}

let unreachable = 0;

/** The server answers, and the connection is refused: is this not its page in its eyes, or does something in between stop it? */
async function askWhyAway() {
  const answer = await fetch(`${location.pathname}/reach`, { method: 'POST' }).catch(() => null);
  if (connection.live || !answer) return;
  unreachable += 1;
  if (answer.status === 403) showWhyAway(await answer.text());
  else if (answer.ok && unreachable > 2) {
    showWhyAway('The server answers, but the connection is refused. If a proxy is in between, have it pass WebSockets on.');
  }
}

dragWithMouse(box);
listenToEnds(box, {
  bottomDistance: () => pages.shown.window.bottom_distance,
  bottom: () => act({ t: 'bottom' }),
  reachEnd: (node) => send(node, 'reach-end', null),
});
listenToOverlays();
listenToMenu({
  actions: {
    back: () => act({ t: 'back' }),
    refresh: () => pull.run(),
    inspector: () => inspector.show(!inspector.open),
    restart,
  },
  offers: (name) => ({
    back: pages.shown.depth > 1 && !ended,
    refresh: pages.shown.window.refresh && !ended,
  })[name] ?? true,
});
byId('back').addEventListener('click', () => act({ t: 'back' }));
byId('tabs').addEventListener('click', (event) => {
  const tab = event.target.closest('.tab');
  if (tab && !tab.hasAttribute('aria-current')) act({ t: 'tab', page: tab.dataset.page });
});
document.addEventListener('visibilitychange', () => {
  act({ t: document.hidden ? 'hide' : 'show' });
  if (!document.hidden) connection.hurry();
  tellZone();
});
addEventListener('online', () => connection.hurry());

/** Where the server thinks that the person is. */
let zone = pages.shown.zone;

/** Tells the session when the person is in another time zone than it thinks. */
function tellZone() {
  const here = zoneHere();
  if (here === '' || here === zone) return;
  zone = here;
  noteZone(here);
  act({ t: 'zone', zone: here });
}

sheet.dress(pages.shown);
backButton.at(pages.shown.depth);
runClock(tellZone);
noteZone(zoneHere());
connection.open();
if (document.hidden) act({ t: 'hide' });
