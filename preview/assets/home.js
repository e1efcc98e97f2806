// The list of apps. Apps are launched in the colours that this browser prefers. The person's sign can be exchanged for another.

import { BASE } from './chrome.js';

import { noteZone, zoneHere } from './zone.js';

const dark = matchMedia('(prefers-color-scheme: dark)');

function mark() {
  for (const link of document.querySelectorAll(`#apps a[href^="${BASE}/a/"]`)) {
    const url = new URL(link.href);
    if (dark.matches) url.searchParams.set('scheme', 'dark');
    else url.searchParams.delete('scheme');
    link.href = url.pathname + url.search;
  }
}

document.getElementById('another-sign')?.addEventListener('click', async () => {
  const answer = await fetch(`${BASE}/sign`, { method: 'POST' }).catch(() => null);
  if (answer?.ok) location.reload();
});
dark.addEventListener('change', mark);
mark();
noteZone(zoneHere());
