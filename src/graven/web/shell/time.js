/** Times as text, in the zone and the manner that the person chose. Times of the API are RFC 3339 in UTC, nine digits. */

import { html, signal } from "../html.js";
import { times, zone } from "../preferences.js";

/** The moment relative times refer to; moves every ten seconds. */
export const now = signal(Date.now());
setInterval(() => {
  now.value = Date.now();
}, 10_000);

/** @param {number} n @param {number} [digits] */
const two = (n, digits = 2) => String(n).padStart(digits, "0");

/**
 * `2026-11-27 14:03:07.123`, and with the zone when it is asked for.
 * @param {string} iso
 * @param {{ms?: boolean, named?: boolean, zone?: "local" | "utc"}} [options]
 */
export function absolute(iso, { ms = true, named = false, zone: wanted = zone.value } = {}) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const utc = wanted === "utc";
  const [y, mo, d, h, mi, s, f] = utc
    ? [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds(), at.getUTCMilliseconds()]
    : [at.getFullYear(), at.getMonth(), at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds(), at.getMilliseconds()];
  const text = `${two(y, 4)}-${two(mo + 1)}-${two(d)} ${two(h)}:${two(mi)}:${two(s)}${ms ? `.${two(f, 3)}` : ""}`;
  return named ? `${text} ${utc ? "UTC" : offset(at)}` : text;
}

/** @param {Date} at */
function offset(at) {
  const minutes = -at.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "−" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** @type {Array<[number, string]>} */
const STEPS = [
  [60, "s"],
  [60, "min"],
  [24, "h"],
  [365, "d"],
];

/** `12 s ago`, `in 3 h`. @param {string} iso @param {number} [from] */
export function relative(iso, from = now.value) {
  const seconds = (from - new Date(iso).getTime()) / 1000;
  if (Number.isNaN(seconds)) return iso;
  let size = Math.abs(seconds);
  if (size < 1) return "now";
  let unit = "a";
  for (const [most, name] of STEPS) {
    if (size < most) {
      unit = name;
      break;
    }
    size /= most;
  }
  const text = `${Math.floor(size)} ${unit}`;
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

/** `412 µs`, `1.24 s`, `3 min 12 s`. @param {number | null | undefined} ns */
export function duration(ns) {
  if (ns === null || ns === undefined) return "";
  if (ns < 1_000) return `${ns} ns`;
  if (ns < 1_000_000) return `${Math.round(ns / 1_000)} µs`;
  if (ns < 1_000_000_000) return `${(ns / 1_000_000).toFixed(ns < 10_000_000 ? 1 : 0)} ms`;
  if (ns < 60_000_000_000) return `${(ns / 1_000_000_000).toFixed(2)} s`;
  const seconds = Math.round(ns / 1_000_000_000);
  return seconds < 3600 ? `${Math.floor(seconds / 60)} min ${seconds % 60} s` : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** A time, with the other manner and the exact value on hover. @param {{at: string | null | undefined, ms?: boolean}} props */
export function Time({ at, ms = true }) {
  if (!at) return html`<span class="muted">–</span>`;
  const exact = absolute(at, { named: true });
  const shown = times.value === "relative" ? relative(at) : absolute(at, { ms });
  return html`<time class="num" datetime=${at} title=${times.value === "relative" ? exact : `${exact} · ${relative(at)} · ${at}`}>${shown}</time>`;
}
