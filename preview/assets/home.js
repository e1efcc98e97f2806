// The list of apps. Apps are launched in the colours that this browser prefers.

const dark = matchMedia('(prefers-color-scheme: dark)');

function mark() {
  for (const link of document.querySelectorAll('#apps a[href^="/a/"]')) {
    const url = new URL(link.href);
    if (dark.matches) url.searchParams.set('scheme', 'dark');
    else url.searchParams.delete('scheme');
    link.href = url.pathname + url.search;
  }
}

dark.addEventListener('change', mark);
mark();
