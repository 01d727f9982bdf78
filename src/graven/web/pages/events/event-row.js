/**
 * One row of the list: as few nodes and as little work as can be, for a whole window of them is drawn anew while
 * somebody scrolls fast. Clicks are handled once, by the list: parts that can narrow the search carry `data-field`.
 */

import { html } from "../../html.js";
import { link } from "../../route.js";
import { sentenceOf } from "../../parts/sentence.js";
import { tone } from "../../parts/spans.js";
import { formatAbsolute, formatRelative, instantOf, parts } from "../../parts/time.js";
import { column } from "./columns.js";

/** @import {Row} from "../../parts/row.js" @import {Span} from "../../parts/spans.js" */
/**
 * @typedef {object} RowContext
 * @property {string} log
 * @property {string[]} columns
 * @property {string} zone
 * @property {"received" | "claimed"} clock
 * @property {string} day  today, as a date in `zone`: its rows show only the time
 * @property {bigint | null} now  when times are shown as relative ones
 */
/** @typedef {{row: Row, position: number, slot: number, current: boolean, marked: boolean, top: number, context: RowContext}} EventRowProps */

const SIGNS = { good: "", bad: "✕", warn: "⊘", mute: "" };

/** @param {EventRowProps} props */
export function EventRow({ row, position, current, marked, top, context }) {
  const feel = tone(row.outcome);
  return html`<div role="row" id=${`row-${row.index}`} class=${`er ${feel}${current ? " current" : ""}${marked ? " marked" : ""}`} aria-rowindex=${position + 2} aria-selected=${marked}
    data-at=${position} style=${{ top: `${top}px` }}>
    <span role="gridcell" class="mark"><input type="checkbox" tabindex="-1" checked=${marked} aria-label=${`Mark event ${row.index} to compare`} /></span>
    <span role="gridcell" class="when num"><a href=${link(context.log, "event", row.index)} tabindex="-1">${when(row, context)}</a></span>
    <span role="gridcell" class="says"><span class="sign" aria-hidden="true">${SIGNS[feel]}</span>${sentenceOf(row).map(piece)}</span>
    ${context.columns.map((name) => {
      const { of, number } = column(name);
      return html`<span role="gridcell" class=${number ? "cell num right" : "cell"}>${of(row) ?? ""}</span>`;
    })}
  </div>`;
}

/** A row that is not loaded yet, or was let go. @param {{top: number}} props */
export const Bones = ({ top }) => html`<div class="er bones" aria-hidden="true" style=${{ top: `${top}px` }}><i></i><i></i><i></i></div>`;

/** The words of a row, to be read only. @param {{row: Row}} props */
export const Sentence = ({ row }) => sentenceOf(row).map(piece);

/** @param {Span} span */
function piece({ kind, text, field, value, tone: feel }) {
  if (kind === "text") return text;
  const name = feel ? `s-${kind} ${feel}` : `s-${kind}`;
  if (kind === "code") return html`<code class=${name}>${text}</code>`;
  return html`<span class=${name} data-field=${value ? field : undefined} data-value=${value || undefined}>${text}</span>`;
}

/** @param {Row} row @param {RowContext} context */
function when(row, { zone, clock, day, now }) {
  const at = instantOf(clock === "claimed" ? (row.time ?? row.received) : row.received);
  if (at === null) return "–";
  if (now !== null) return formatRelative(at, now);
  const { date, time } = parts(at, { zone });
  return date === day ? time : formatAbsolute(at, { zone }).slice(5);
}

/** What the pointer is told over a part of a row. @param {HTMLElement} element @param {Row} row */
export function hint(element, row) {
  const { field, value } = element.dataset;
  if (field) return `${field}:${value}\nAlt+click: only these. Alt+Shift+click: all but these.`;
  if (element.closest(".when")) return `received by the server: ${row.received}\nhappened, as claimed: ${row.time ?? "not said"}\nindex ${row.index}`;
  return element.scrollWidth > element.clientWidth ? (element.textContent ?? "") : "";
}
