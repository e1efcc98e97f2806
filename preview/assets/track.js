// A way that was recorded as GPX, and where one is on it at a moment.

const METRES_PER_DEGREE = 111_320;
/** How fast somebody goes whose track has no times: a leisurely bicycle. */
const METRES_PER_SECOND = 4;

/** @typedef {{ lat: number, lon: number, at: number }} Point `at`: seconds from the beginning */

/** About how far apart two places are, in metres. @param {Point} one @param {Point} other */
export function metres(one, other) {
  const north = (one.lat - other.lat) * METRES_PER_DEGREE;
  const east = (one.lon - other.lon) * METRES_PER_DEGREE * Math.cos((one.lat * Math.PI) / 180);
  return Math.hypot(north, east);
}

/**
 * The points of a track, each at its moment. Where times are missing or go backwards, it is ridden at an even speed.
 * @param {{ lat: number, lon: number, time: number }[]} read `time` in milliseconds since 1970, or NaN
 * @returns {Point[]}
 */
export function track(read) {
  const sound = read.filter(({ lat, lon }) => Math.abs(lat) <= 90 && Math.abs(lon) <= 180);
  const timed = sound.every(({ time }, index) => Number.isFinite(time) && (index === 0 || time >= sound[index - 1].time));
  let at = 0;
  return sound.map(({ lat, lon, time }, index) => {
    const last = sound[index - 1];
    if (timed) at = (time - sound[0].time) / 1_000;
    else if (last) at += metres({ ...last, at: 0 }, { lat, lon, at: 0 }) / METRES_PER_SECOND;
    return { lat, lon, at };
  });
}

/** Reads a file. @param {string} text @returns {Point[]} none, if it is no GPX */
export function readGpx(text) {
  const read = new DOMParser().parseFromString(text, 'application/xml');
  if (read.querySelector('parsererror')) return [];
  const kind = ['trkpt', 'rtept', 'wpt'].find((name) => read.getElementsByTagNameNS('*', name).length > 1);
  if (!kind) return [];
  return track([...read.getElementsByTagNameNS('*', kind)].map((point) => ({
    lat: Number.parseFloat(point.getAttribute('lat') ?? ''),
    lon: Number.parseFloat(point.getAttribute('lon') ?? ''),
    time: Date.parse(point.getElementsByTagNameNS('*', 'time')[0]?.textContent ?? ''),
  })));
}

/** Where one is after so many seconds. @param {Point[]} points @param {number} at @returns {Point} */
export function whereAt(points, at) {
  const next = points.findIndex((point) => point.at >= at);
  if (next === 0) return points[0];
  if (next === -1) return points[points.length - 1];
  const [one, other] = [points[next - 1], points[next]];
  const part = other.at > one.at ? (at - one.at) / (other.at - one.at) : 1;
  return { lat: one.lat + (other.lat - one.lat) * part, lon: one.lon + (other.lon - one.lon) * part, at };
}

/** @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const two = (/** @type {number} */ number) => String(number).padStart(2, '0');
  const minutes = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return whole < 3_600 ? minutes : `${Math.floor(whole / 3_600)}:${minutes}`;
}
