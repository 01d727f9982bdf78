/** What has to be said above the list: the index is behind, the tail's state, rows that wait or were left out. */

import { html } from "../../html.js";
import { count, plural } from "../../shell/parts.js";
import { Lag } from "./lag.js";

/** @import {Search} from "./search.js" @import {Place} from "./place.js" */

/** @param {{search: Search, place: Place, onTop: () => void, onAgain: () => void}} props */
export function Notices({ search, place, onTop, onAgain }) {
  const newer = search.newer.value;
  const refused = search.moreError.value;
  const isEnded = refused && search.tail.value === "off"; // and not about to start
  return html`${place.live && !isEnded && html`<${Tail} search=${search} />`}
    ${!place.live && search.status.value === "ready" && html`<${Lag} log=${search.log} behind=${search.size.value - search.indexed.value} onAgain=${onAgain} />`}
    ${refused && html`<p class="notice fail" role="alert">${refused.message}${refused.hint && ` – ${refused.hint}`} <button class="btn small" onClick=${onAgain}>Try again</button></p>`}
    ${newer > 0 && html`<div class="newer"><button type="button" class="btn primary small" onClick=${onTop}>↑ ${count(newer)} newer</button></div>`}`;
}

const STATES = /** @type {Record<string, [string, string]>} */ ({
  connecting: ["warn", "connecting…"],
  open: ["ok", "live"],
  waiting: ["fail", "connection lost; trying again"],
  busy: ["fail", "too many live views are open; trying again"],
  off: ["warn", "starting…"],
});

/** @param {{search: Search}} props */
function Tail({ search }) {
  const state = search.tail.value;
  const [tone = "warn", words = state] = STATES[state] ?? [];
  const isPaused = search.paused.value && state === "open";
  const skipped = search.skipped.value;
  return html`<p class="notice tail" role="status"><i class=${`pulse ${isPaused ? "warn" : tone}`}></i> ${isPaused ? "paused while you read; go to the top to go on" : words}
    ${skipped > 0 && html` · <span>${plural(skipped, "event")} not shown: more than 200 came in a second</span>`}</p>`;
}
