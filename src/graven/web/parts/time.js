/**
 * Times at nanoseconds: instants are BigInt nanoseconds since 1970, texts keep every digit. Pure; `now` is passed in.
 *
 * A zone is `local`, `utc`, or an offset such as `+02:00`.
 */

const STAMP = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9})\d*)?)?(?:([Zz])|([+-])(\d\d):?(\d\d))?$/;
const OFFSET = /^([+-])(\d\d):?(\d\d)$/;
const SPAN = /^(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d|w)$/;
const UNITS = /** @type {Record<string, number>} */ ({
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86400e9,
  w: 7 * 86400e9,
});
const MILLION = 1_000_000n;

/** @param {string | number | bigint | null | undefined} value RFC 3339, or Unix nanoseconds @returns {bigint | null} */
export function instantOf(value) {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return Number.isFinite(value) ? BigInt(Math.trunc(value)) : null;
  if (!value) return null;
  if (/^-?\d{10,}$/.test(value)) return BigInt(value);
  const found = STAMP.exec(value);
  if (!found) return null;
  const [, year, month, day, hour, minute, second = "0", fraction = "", , sign, offsetHours, offsetMinutes] = found;
  if (Number(month) > 12 || Number(day) > 31 || Number(hour) > 24 || Number(minute) > 59 || Number(second) > 60) return null;
  let milliseconds = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  if (sign) milliseconds -= (sign === "-" ? -1 : 1) * (Number(offsetHours) * 60 + Number(offsetMinutes)) * 60_000;
  return BigInt(milliseconds) * MILLION + BigInt(fraction.padEnd(9, "0"));
}

/** @param {bigint} ns @returns {number} milliseconds since 1970, with a fraction: for charts, not for evidence */
export const toMilliseconds = (ns) => Number(ns / MILLION) + Number(ns % MILLION) / 1e6;

/** @param {number} milliseconds @returns {bigint} */
export const fromMilliseconds = (milliseconds) => BigInt(Math.round(milliseconds)) * MILLION;

/** @param {string} zone @param {bigint} ns @returns {number} minutes east of UTC */
export function offsetMinutes(zone, ns) {
  if (zone === "utc") return 0;
  const found = OFFSET.exec(zone);
  if (found) return (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]));
  return -new Date(Number(ns / MILLION)).getTimezoneOffset();
}

/** @param {string} zone @param {bigint} ns @returns {string} `Z`, `+02:00`: the zone of that moment */
export function offsetText(zone, ns) {
  const minutes = offsetMinutes(zone, ns);
  if (minutes === 0) return "Z";
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/**
 * @param {bigint} ns
 * @param {{zone?: string, digits?: number}} [options] digits of the second, 0–9
 * @returns {{date: string, time: string, offset: string}} `2026-11-22`, `20:01:02.123`, `Z`
 */
export function parts(ns, { zone = "utc", digits = 3 } = {}) {
  const shifted = new Date(Number(floorDivide(ns, MILLION)) + offsetMinutes(zone, ns) * 60_000);
  const text = Number.isNaN(shifted.getTime()) ? "0000-00-00T00:00:00.000Z" : shifted.toISOString();
  const at = text.indexOf("T");
  const fraction = (((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n).toString().padStart(9, "0").slice(0, digits);
  return { date: text.slice(0, at), time: text.slice(at + 1, at + 9) + (fraction ? `.${fraction}` : ""), offset: offsetText(zone, ns) };
}

/** @param {bigint} ns @param {{zone?: string, digits?: number}} [options] @returns {string} `2026-11-22 20:01:02.123` */
export function formatAbsolute(ns, options) {
  const { date, time } = parts(ns, options);
  return `${date} ${time}`;
}

/** @param {bigint} ns @param {string} [zone] @returns {string} RFC 3339 with only the digits it needs */
export function formatStamp(ns, zone = "utc") {
  const { date, time, offset } = parts(ns, { zone, digits: 9 });
  return `${date}T${time.replace(/\.?0+$/, (zeros) => (zeros.includes(".") || time.includes(".") ? "" : zeros))}${offset}`;
}

/** @param {bigint} ns @param {bigint} now @returns {string} `3 min ago`, `in 2 h` */
export function formatRelative(ns, now) {
  const seconds = Number((now - ns) / 1_000_000_000n);
  const size = Math.abs(seconds);
  if (size < 5) return "just now";
  const [amount, unit] = size < 60 ? [size, "s"] : size < 3600 ? [size / 60, "min"] : size < 86400 ? [size / 3600, "h"] : [size / 86400, "d"];
  const shown = unit === "d" && amount >= 60 ? `${Math.floor(amount / 30.4)} months` : `${Math.floor(amount)} ${unit}`;
  return seconds < 0 ? `in ${shown}` : `${shown} ago`;
}

/** @param {number | bigint} ns @returns {string} `1.2 s`, `340 µs`, `2 min 5 s` */
export function formatDuration(ns) {
  const value = Number(ns);
  const size = Math.abs(value);
  if (size < 1e3) return `${value} ns`;
  if (size < 1e6) return `${short(value / 1e3)} µs`;
  if (size < 1e9) return `${short(value / 1e6)} ms`;
  if (size < 60e9) return `${short(value / 1e9)} s`;
  const [large, small, ratio, unit] = size < 3600e9 ? ["min", "s", 60, 60e9] : size < 86400e9 ? ["h", "min", 60, 3600e9] : ["d", "h", 24, 86400e9];
  const whole = Math.trunc(value / unit);
  const rest = Math.floor((size - Math.abs(whole) * unit) / (unit / ratio));
  return rest ? `${whole} ${large} ${rest} ${small}` : `${whole} ${large}`;
}

/** @param {string} text `15m`, `1.5h` @returns {bigint | null} nanoseconds */
export function parseSpan(text) {
  const found = SPAN.exec(text.trim());
  const unit = found && UNITS[found[2] ?? ""];
  return found && unit ? BigInt(Math.round(Number(found[1]) * unit)) : null;
}

/**
 * One end of a time range as people type it.
 * @param {string} text empty, `now`, `15m` (that long before now), RFC 3339, a date, or a date and time in `zone`
 * @param {{now: bigint, zone: string}} context
 * @returns {bigint | null} null when it is no time
 */
export function resolve(text, { now, zone }) {
  const trimmed = text.trim();
  if (trimmed === "now") return now;
  const span = parseSpan(trimmed);
  if (span !== null) return now - span;
  const whole = /^\d{4}-\d\d-\d\d$/.test(trimmed) ? `${trimmed}T00:00:00` : trimmed;
  const bare = !/(?:[Zz]|[+-]\d\d:?\d\d)$/.test(whole);
  const naive = instantOf(bare ? `${whole}Z` : whole);
  if (naive === null || !bare) return naive;
  return naive - BigInt(offsetMinutes(zone, naive - BigInt(offsetMinutes(zone, naive)) * 60_000_000_000n)) * 60_000_000_000n;
}

/** @param {number} value */
const short = (value) => (Math.abs(value) < 10 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value).toString());
/** @param {number} value */
const two = (value) => value.toString().padStart(2, "0");
/** @param {bigint} a @param {bigint} b */
const floorDivide = (a, b) => (a >= 0n || a % b === 0n ? a / b : a / b - 1n);
