/**
 * Nothing was found: why, and where to go. Asks the same query without the time range, and without each of its terms.
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
  if (newest) {
    const at = instantOf(place.clock === "claimed" ? (newest.time ?? newest.received) : newest.received) ?? 0n;
    const go = { since: formatStamp(at - AROUND_NS), until: formatStamp(at + AROUND_NS) };
    return html`<${Empty} title=${`Nothing in this time range (${said(place, zone)})`}>
      <p>The newest match lies outside of it: <strong><${Time} at=${String(newest.received)} /></strong></p>
      <p class="quoted"><${Sentence} row=${newest} /></p>
      <p class="toolbar"><button class="btn primary" onClick=${() => onChange(go)}>Go there</button><button class="btn" onClick=${() => onChange({ since: "", until: "" })}>Search all time</button></p>
    <//>`;
  }
  const without = data?.without ?? [];
  return html`<${Empty} title=${isRanged ? "Nothing matches, now or at any time" : "Nothing matches"}>
    ${without.length > 0 && html`<p>There are events without one of these:</p>
      <ul class="without">${without.map((term) => html`<li key=${term}><button class="btn small" onClick=${() => onChange({ q: remove(place.q, term), since: "", until: "" })}>leave out <code>${term}</code></button></li>`)}</ul>`}
    ${!without.length && place.q && html`<p class="muted">Values are compared as a whole, and case matters: <code>actor:alice</code> is not <code>actor:Alice</code>. <code>*</code> stands for any text: <code>action:order.*</code>.</p>`}
    ${place.q && html`<p><button class="btn" onClick=${() => onChange({ q: "", since: "", until: "" })}>Show everything</button></p>`}
  <//>`;
}

/** @param {string} log @param {Place} place @param {boolean} isRanged @param {AbortSignal} signal @returns {Promise<{newest: Row | null, without: string[]}>} */
async function looked(log, place, isRanged, signal) {
  const first = async (/** @type {string} */ q) => {
    const { events } = await getJson(inLog(log, "events"), { query: { q, limit: 1, view: "row", clock: place.clock === "claimed" ? "claimed" : "" }, signal });
    return /** @type {Row | undefined} */ (events[0]) ?? null;
  };
  const newest = isRanged ? await first(place.q) : null;
  if (newest) return { newest, without: [] };
  const found = terms(place.q);
  if (found.length < 2) return { newest: null, without: [] };
  const asked = found.slice(0, MOST_TERMS).map(async ({ text }) => ((await first(remove(place.q, text)).catch(() => null)) ? text : null));
  return { newest: null, without: (await Promise.all(asked)).filter((text) => text !== null) };
}
