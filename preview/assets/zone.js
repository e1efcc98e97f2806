// The person's time zone: this browser's. It is noted for the next launch, since no header tells it.

const YEAR_S = 31_536_000;

/** The zone's name in the IANA database; empty where the browser does not know it. */
export function zoneHere() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone ?? '';
}

/** @param {string} zone */
export function noteZone(zone) {
  if (zone) document.cookie = `lapak_zone=${zone}; Path=/; Max-Age=${YEAR_S}; SameSite=Lax`;
}
