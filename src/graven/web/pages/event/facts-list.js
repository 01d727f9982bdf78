/** Facts as a list; those that can be searched for are links. */

import { html } from "../../html.js";
import { link } from "../../route.js";
import { Time } from "../../shell/time.js";
import { term } from "../../parts/query-text.js";

/** @import {Fact, Piece} from "./facts.js" */

/** @param {{log: string, facts: Fact[]}} props */
export function FactsList({ log, facts }) {
  return html`<dl class="kv facts">
    ${facts.map(
      ({ label, pieces, time, title }, at) => html`<dt key=${`${at}-dt`} title=${title}>${label}</dt>
        <dd key=${`${at}-dd`}>${time !== undefined && html`<span class="piece"><${Time} at=${String(time)} /></span>`}${pieces.map((piece, place) => html`<${FactPiece} key=${place} log=${log} piece=${piece} />`)}</dd>`,
    )}
  </dl>`;
}

/** @param {{log: string, piece: Piece}} props */
function FactPiece({ log, piece: { text, field, value = "", code } }) {
  const long = text.length > 3000 ? `${text.slice(0, 3000)}…` : text;
  const inside = code ? html`<code>${long}</code>` : long;
  if (!field) return html`<span class=${code && text.includes("\n") ? "piece pre" : "piece"}>${inside}</span> `;
  return html`<a class="piece" href=${link(log, "events", [], { q: term(field, value) })} title=${`All events with ${field}:${value}`}>${inside}</a> `;
}
