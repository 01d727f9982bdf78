/**
 * What this browser remembers of each log: the last checkpoint that it verified and the key it trusts (by origin), the
 * contradictions it saw, and which origin stood under a log's name. In localStorage; a browser that keeps nothing
 * starts anew at each visit, which the page Integrity says.
 */

/** @typedef {import("./compare.js").Remembered} Remembered */
/** @typedef {{kind: import("./compare.js").AlarmKind, why: string, at: string, known: Remembered, shown: {key: string, note: string}}} SeenAlarm */

const CHECKPOINT = "graven.checkpoint.";
const ALARM = "graven.alarm.";
const PLACE = "graven.place.";

/** @param {string} name @returns {any} */
function read(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} name @param {unknown} value */
function write(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** @param {unknown} value @returns {value is Remembered} */
function isRemembered(value) {
  const found = /** @type {any} */ (value);
  return typeof found?.key === "string" && typeof found.note === "string" && typeof found.at === "string";
}

/** @param {string} origin @returns {Remembered | null} */
export function remembered(origin) {
  const found = read(CHECKPOINT + origin);
  return isRemembered(found) ? found : null;
}

/** Keeps a verified checkpoint unless another tab kept a larger one meanwhile. @param {string} origin @param {Remembered} record */
export function remember(origin, record) {
  const now = remembered(origin);
  if (now && sizeIn(now.note) > sizeIn(record.note)) return true;
  return write(CHECKPOINT + origin, { ...record, since: now ? sinceOf(now) : record.at });
}

/** When this browser met the log; of a record that does not say, when it verified last: so long at least. @param {Remembered} known */
export const sinceOf = (known) => (typeof known.since === "string" ? known.since : known.at);

/** @param {string} note */
const sizeIn = (note) => Number(note.split("\n")[1]);

/** @param {string} origin @returns {SeenAlarm | null} */
export function seenAlarm(origin) {
  const found = read(ALARM + origin);
  return isRemembered(found?.known) && typeof found.shown?.note === "string" ? found : null;
}

/** Keeps the first contradiction: later ones do not replace the evidence. @param {string} origin @param {SeenAlarm} alarm */
export function keepAlarm(origin, alarm) {
  if (!seenAlarm(origin)) write(ALARM + origin, alarm);
}

/** The origin that stood under this name last time. @param {string} log @returns {string | null} */
export function placeOf(log) {
  const found = read(PLACE + log);
  return typeof found === "string" ? found : null;
}

/** @param {string} log @param {string} origin */
export function setPlace(log, origin) {
  write(PLACE + log, origin);
}

/** Forgets everything about a log: its next checkpoint is trusted on first use. @param {string} log @param {string} origin */
export function forget(log, origin) {
  for (const name of [CHECKPOINT + origin, ALARM + origin, PLACE + log]) localStorage.removeItem(name);
}
