/** The time range: the last minutes to weeks, or from one moment to another; on which clock, shown in which zone. */

import { html, useState } from "../../html.js";
import { formatAbsolute, formatStamp, instantOf, parseSpan, resolve } from "../../parts/time.js";
import { Popover } from "../../parts/popover.js";

/** @import {Place} from "./place.js" */
/** @typedef {Partial<Place>} Changes */

/** @type {[string, string][]} */
const PRESETS = [["5m", "5 minutes"], ["15m", "15 minutes"], ["1h", "hour"], ["4h", "4 hours"], ["24h", "24 hours"], ["7d", "7 days"], ["30d", "30 days"]];

/** @param {{place: Place, zone: string, ownZone: string, onChange: (changes: Changes) => void}} props */
export function RangePicker({ place, zone, ownZone, onChange }) {
  return html`<${Popover} class="btn small range" title="Time range, and by which clock" label=${html`<span aria-hidden="true">◷</span> ${said(place, zone)} <span class="clock">${place.clock}</span>`}>
    ${(/** @type {() => void} */ close) => html`<${Panel} place=${place} zone=${zone} ownZone=${ownZone} onChange=${onChange} close=${close} />`}
  <//>`;
}

/** @param {{place: Place, zone: string, ownZone: string, onChange: (changes: Changes) => void, close: () => void}} props */
function Panel({ place, zone, ownZone, onChange, close }) {
  const [since, setSince] = useState(typed(place.since, zone));
  const [until, setUntil] = useState(typed(place.until, zone));
  const now = BigInt(Date.now()) * 1_000_000n;
  const ends = [since, until].map((text) => (text.trim() ? resolve(text, { now, zone }) : undefined));
  const [from, to] = ends;
  const wrong = from === null ? "since" : to === null ? "until" : from !== undefined && to !== undefined && from >= to ? "order" : "";
  const choose = (/** @type {Changes} */ changes) => {
    onChange(changes);
    close();
  };
  const apply = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!wrong) choose({ since: asked(since, from), until: asked(until, to) });
  };
  return html`<form class="rangepanel" onSubmit=${apply}>
    <div class="presets">
      ${PRESETS.map(([span, name]) => html`<button key=${span} type="button" class="btn small" aria-pressed=${place.since === span && !place.until} onClick=${() => choose({ since: span, until: "" })}>Last ${name}</button>`)}
      <button type="button" class="btn small" aria-pressed=${!place.since && !place.until} onClick=${() => choose({ since: "", until: "" })}>All time</button>
    </div>
    <label class="field"><span>From</span><input class="mono" value=${since} placeholder="2h, or 2026-11-27 14:00" aria-invalid=${wrong === "since" || wrong === "order"} onInput=${(/** @type {any} */ event) => setSince(event.currentTarget.value)} /></label>
    <label class="field"><span>To</span><input class="mono" value=${until} placeholder="now" aria-invalid=${wrong === "until" || wrong === "order"} onInput=${(/** @type {any} */ event) => setUntil(event.currentTarget.value)} /></label>
    <p class="muted" role="status">${wrong === "order" ? "The range ends before it begins." : wrong ? "Not a time: write 15m, 2h, 7d, a date, or 2026-11-27 14:00:05." : shownRange(from, to, zone)}</p>
    <label class="field"><span>Time zone of this view</span><select value=${place.zone} onChange=${(/** @type {any} */ event) => onChange({ zone: event.currentTarget.value })}>
      <option value="">${ownZone === "utc" ? "UTC (as set above)" : "local time (as set above)"}</option>
      ${ownZone !== "utc" && html`<option value="utc">UTC</option>`}
      ${OFFSETS.map((offset) => html`<option key=${offset} value=${offset}>UTC${offset}</option>`)}
    </select></label>
    <fieldset><legend>Clock</legend>
      <label class="check"><input type="radio" name="clock" checked=${place.clock === "received"} onChange=${() => onChange({ clock: "received" })} />received: when the server took it</label>
      <label class="check"><input type="radio" name="clock" checked=${place.clock === "claimed"} onChange=${() => onChange({ clock: "claimed" })} />claimed: when it happened, as the producer says</label>
    </fieldset>
    <div class="toolbar"><button class="btn primary small" type="submit" disabled=${Boolean(wrong)}>Apply</button><button type="button" class="btn small" onClick=${close}>Cancel</button></div>
  </form>`;
}

const OFFSETS = ["-10:00", "-08:00", "-07:00", "-06:00", "-05:00", "-04:00", "-03:00", "+01:00", "+02:00", "+03:00", "+04:00", "+05:30", "+07:00", "+08:00", "+09:00", "+10:00", "+12:00"];

/** @param {string} text @param {bigint | null | undefined} at @returns {string} a span stays one, so that the view moves on; anything else becomes a moment */
function asked(text, at) {
  const trimmed = text.trim();
  if (!trimmed || trimmed === "now") return "";
  return parseSpan(trimmed) !== null || at === null || at === undefined ? trimmed : formatStamp(at);
}

/** @param {string} text @param {string} zone @returns {string} */
function typed(text, zone) {
  const at = instantOf(text);
  return at === null ? text : formatAbsolute(at, { zone, digits: 9 }).replace(/\.?0+$/, (zeros) => (zeros.startsWith(".") ? "" : zeros.replace(/0+$/, "")));
}

/** @param {bigint | null | undefined} from @param {bigint | null | undefined} to @param {string} zone */
function shownRange(from, to, zone) {
  const text = (/** @type {bigint | null | undefined} */ at, /** @type {string} */ other) => (typeof at === "bigint" ? formatAbsolute(at, { zone, digits: 0 }) : other);
  return `${text(from, "the beginning")} to ${text(to, "now")}`;
}

/** @param {Place} place @param {string} zone @returns {string} what the button says */
export function said({ since, until }, zone) {
  if (!since && !until) return "All time";
  const preset = PRESETS.find(([span]) => span === since);
  if (!until) return preset ? `Last ${preset[1]}` : parseSpan(since) !== null ? `Last ${since}` : `Since ${moment(since, zone)}`;
  if (!since) return `Until ${moment(until, zone)}`;
  return `${moment(since, zone)} – ${moment(until, zone)}`;
}

/** @param {string} text @param {string} zone */
function moment(text, zone) {
  const at = instantOf(text);
  if (at === null) return parseSpan(text) === null ? text : `${text} ago`;
  const shown = formatAbsolute(at, { zone, digits: 3 }).replace(/(?::00)?\.000$/, "");
  return shown.startsWith(`${new Date().getFullYear()}-`) ? shown.slice(5) : shown;
}

/** @param {Place} place @returns {Changes} the range twice as wide around its middle */
export function widened({ since, until }) {
  const now = BigInt(Date.now()) * 1_000_000n;
  const from = since ? resolve(since, { now, zone: "utc" }) : null;
  const to = until ? resolve(until, { now, zone: "utc" }) : now;
  if (from === null || to === null) return { since: "", until: "" };
  const half = (to - from) / 2n;
  const end = to + half;
  return { since: formatStamp(from - half), until: end >= now ? "" : formatStamp(end) };
}
