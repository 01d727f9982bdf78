/**
 * Nothing was found: why, and where to go. Asks for the newest match whatever its time, which comes with what was
 * probably meant where there is none, and for the query without each of its terms.
 */

import { getJson, inLog } from "../../api.js";
import { html } from "../../html.js";
import { Empty, Loading, useLoad } from "../../shell/parts.js";
import { Time } from "../../shell/time.js";
import { remove, terms } from "../../parts/query-text.js";
import { formatStamp, instantOf } from "../../parts/time.js";
import { Sentence } from "./event-row.js";
import { said } from "./range.js";

/** @import {Place} from "./place.js" @import {Row} from "../../parts/row.js" */

const MOST_TERMS = 5;
const AROUND_NS = 15n * 60n * 1_000_000_000n;

/** @param {{log: string, place: Place, zone: string, onChange: (changes: Partial<Place>) => void}} props */
export function NothingFound({ log, place, zone, onChange }) {
  const isRanged = Boolean(place.since || place.until);
  const { data, loading } = useLoad((signal) => looked(log, place, isRanged, signal), [log, place.q, place.since, place.until, place.clock]);
  if (loading && !data) return html`<${Loading} what="Nothing here; looking where there is" />`;
  const newest = data?.newest;
  if (newest && place.clock === "claimed" && !newest.time) {
    return html`<${Empty} title=${`Nothing in this time range (${said(place, zone)})`}>
      <p>The newest match has no claimed time, so that no range of claimed times finds it. It was received <strong><${Time} at=${String(newest.received)} /></strong></p>
      <p class="quoted"><${Sentence} row=${newest} /></p>
      <p class="toolbar"><button class="btn primary" onClick=${() => onChange({ clock: "received" })}>Ask by received time</button><button class="btn" onClick=${() => onChange({ since: "", until: "" })}>Search all time</button></p>
    <//>`;
  }
  if (newest) {
    const shownAt = String(place.clock === "claimed" ? newest.time : newest.received);
    const at = instantOf(shownAt) ?? 0n;
    const go = { since: formatStamp(at - AROUND_NS), until: formatStamp(at + AROUND_NS) };
    return html`<${Empty} title=${`Nothing in this time range (${said(place, zone)})`}>
      <p>The newest match lies outside of it: <strong><${Time} at=${shownAt} /></strong></p>
      <p class="quoted"><${Sentence} row=${newest} /></p>
      <p class="toolbar"><button class="btn primary" onClick=${() => onChange(go)}>Go there</button><button class="btn" onClick=${() => onChange({ since: "", until: "" })}>Search all time</button></p>
    <//>`;
  }
  const without = data?.without ?? [];
  const hints = data?.hints ?? [];
  const outside = data?.outside;
  return html`<${Empty} title=${isRanged ? "Nothing matches, now or at any time" : "Nothing matches"}>
    ${outside && html`<p>The newest match lies outside of the times in the query: <strong><${Time} at=${String(outside.received)} /></strong></p>
      <p class="quoted"><${Sentence} row=${outside} /></p>`}
    ${hints.length > 0 && html`<ul class="without" aria-label="What was probably meant">${hints.map((hint) => html`<li key=${hint}>${hint}</li>`)}</ul>`}
    ${without.length > 0 && html`<p>There are events without one of these:</p>
      <ul class="without">${without.map((term) => html`<li key=${term}><button class="btn small" onClick=${() => onChange({ q: remove(place.q, term), since: "", until: "" })}>leave out <code>${term}</code></button></li>`)}</ul>`}
    ${!without.length && !hints.length && !outside && place.q && html`<p class="muted">Values are compared as a whole, and case matters: <code>actor:alice</code> is not <code>actor:Alice</code>. <code>*</code> stands for any text: <code>action:order.*</code>.</p>`}
    ${place.q && html`<p><button class="btn" onClick=${() => onChange({ q: "", since: "", until: "" })}>Show everything</button></p>`}
  <//>`;
}

/** @typedef {{newest: Row | null, outside: Row | null, hints: string[], without: string[]}} Looked  `newest` is outside of the range, `outside` of the query's own times */

/** @param {string} log @param {Place} place @param {boolean} isRanged @param {AbortSignal} signal @returns {Promise<Looked>} */
async function looked(log, place, isRanged, signal) {
  const clock = place.clock === "claimed" ? "claimed" : "";
  const first = async (/** @type {string} */ q) => {
    const { events } = await getJson(inLog(log, "events"), { query: { q, limit: 1, view: "row", clock }, signal });
    return /** @type {Row | undefined} */ (events[0]) ?? null;
  };
  const newest = isRanged ? await first(place.q) : null;
  const nothing = { newest, outside: null, hints: [], without: [] };
  if (newest || !place.q) return nothing;
  const meant = getJson(inLog(log, "newest"), { query: { q: place.q, clock }, signal }).catch(() => ({}));
  const found = terms(place.q);
  const asked = (found.length < 2 ? [] : found.slice(0, MOST_TERMS)).map(async ({ text }) => ((await first(remove(place.q, text)).catch(() => null)) ? text : null));
  const without = (await Promise.all(asked)).filter((text) => text !== null);
  const { newest: outside, hints } = await meant;
  return { newest: null, outside: outside ?? null, hints: hints ?? [], without };
}
