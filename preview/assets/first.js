// Runs before anything is painted: the manifest's colours cannot be in the page, whose policy forbids inline styles.

import { firstPage, showWindow } from './chrome.js';

showWindow(firstPage());
