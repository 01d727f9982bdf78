/** What other events have to do with this one: counts by what they share, and those just before and after. */

import { getJson, inLog } from "../../api.js";
import { html, useState } from "../../html.js";
import { zone } from "../../preferences.js";
import { link } from "../../route.js";
import { count, plural, Problem, useLoad } from "../../shell/parts.js";
import { term } from "../../parts/query-text.js";
import { sentenceText } from "../../parts/sentence.js";
import { tone } from "../../parts/spans.js";
import { formatAbsolute, instantOf, parts } from "../../parts/time.js";
import { relationsOf } from "./facts.js";

/** @import {View} from "./loading.js" @import {Row} from "../../parts/row.js" */

const NEIGHBOURS = 8;
/** What belongs together is told in the order in which it happened, as it claims: each recorder sends when it likes. */
const STORIES = new Set(["trace", "session", "correlation", "run", "test"]);

/** @param {Row[]} rows */
const inOrder = (rows) => [...rows].sort((a, b) => Number((instantOf(a.time ?? a.received) ?? 0n) - (instantOf(b.time ?? b.received) ?? 0n)) || a.index - b.index);

/** @param {{log: string, view: View}} props */
export function Related({ log, view }) {
  const relations = relationsOf(view);
  const { data } = useLoad(
    (signal) =>
      Promise.all(
        relations.map(({ field, value, counted }) =>
          counted ? getJson(inLog(log, "facets"), { query: { q: term(field, value), fields: "outcome", limit: 4 }, signal }).catch(() => null) : null,
        ),
      ),
    [log, view.index],
  );
  if (!relations.length) return null;
  return html`<section class="card" aria-labelledby="h-related"><h2 id="h-related">Related</h2><ul class="related">
    ${relations.map(({ label, field, value, counted, title }, at) => {
      const told = data?.[at];
      /** @type {{value: string, count: number}[]} */
      const outcomes = told?.facets.outcome?.values ?? [];
      const sum = (/** @type {string[]} */ ...words) => outcomes.filter((one) => words.includes(one.value)).reduce((all, one) => all + one.count, 0);
      const [failed, denied] = [sum("failure", "error"), sum("denied")];
      return html`<li key=${field}><a title=${title} href=${link(log, "events", [], { q: term(field, value) })}><span>${label} <code>${value.length > 40 ? `${value.slice(0, 16)}…${value.slice(-12)}` : value}</code></span>
        <span class="num">${told ? plural(told.total, "event") : counted ? "…" : "→"}${failed > 0 && html` <span class="badge fail" title="of them with the outcome failure or error">${count(failed)} failed</span>`}${denied > 0 && html` <span class="badge warn" title="of them with the outcome denied">${count(denied)} denied</span>`}</span></a></li>`;
    })}
  </ul></section>`;
}

/** @param {{log: string, view: View}} props */
export function Neighbours({ log, view }) {
  const relations = [{ label: "everything", field: "", value: "", counted: false }, ...relationsOf(view).filter(({ field }) => field !== "causation"), { label: "same source", field: "source", value: view.source, counted: false }];
  const [field, setField] = useState(relations[1]?.field === "trace" ? "trace" : "");
  const chosen = relations.find((one) => one.field === field) ?? relations[0];
  const q = chosen?.field ? term(chosen.field, chosen.value) : "";
  const { data, error } = useLoad((signal) => getJson(inLog(log, "events", view.index, "around"), { query: { before: NEIGHBOURS, after: NEIGHBOURS, q }, signal }), [log, view.index, q]);
  /** @type {Row[]} */
  const found = data ? [...data.before, data.event, ...data.after] : [];
  const rows = STORIES.has(field) ? inOrder(found) : found;
  return html`<section class="card" aria-labelledby="h-around">
    <header><h2 id="h-around">Just before and after</h2>
      <label class="muted">of <select value=${field} onChange=${(/** @type {any} */ event) => setField(event.currentTarget.value)}>${relations.map((one) => html`<option key=${one.field} value=${one.field}>${one.label}</option>`)}</select></label></header>
    ${error && html`<${Problem} error=${error} />`}
    <ol class="around" aria-busy=${!data}>${rows.map(
      (row) => html`<li key=${row.index} class=${tone(row.outcome)} aria-current=${row.index === view.index ? "true" : undefined}>
        <a href=${link(log, "event", row.index)} title=${`event ${row.index}`}><${Clock} at=${STORIES.has(field) ? (row.time ?? row.received) : row.received} /> <span>${sentenceText(row)}</span></a></li>`,
    )}</ol>
  </section>`;
}

/** The time of day; the date is that of the event. @param {{at: string | number}} props */
function Clock({ at }) {
  const instant = instantOf(at) ?? 0n;
  return html`<time class="muted num" datetime=${String(at)} title=${formatAbsolute(instant, { zone: zone.value, digits: 9 })}>${parts(instant, { zone: zone.value }).time}</time>`;
}
