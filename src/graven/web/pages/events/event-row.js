/** One row of the list. */

import { html } from "../../html.js";
import { times } from "../../preferences.js";
import { link } from "../../route.js";
import { now } from "../../shell/time.js";
import { sentenceOf } from "../../parts/sentence.js";
import { tone } from "../../parts/spans.js";
import { formatAbsolute, formatRelative, instantOf, parts } from "../../parts/time.js";
import { column, tracks } from "./columns.js";

/** @import {Row} from "../../parts/row.js" @import {Span} from "../../parts/spans.js" */
/**
 * @typedef {object} RowContext
 * @property {string} log
 * @property {string[]} columns
 * @property {string} zone
 * @property {"received" | "claimed"} clock
 * @property {string} day  today, as a date in `zone`: its rows show only the time
 * @property {(field: string, value: string, exclude: boolean) => void} narrow
 * @property {(position: number, event: MouseEvent) => void} onRow
 * @property {(index: number) => void} onMark
 */
/** @typedef {{row: Row, position: number, current: boolean, marked: boolean, top: number, context: RowContext}} EventRowProps */

const SIGNS = { good: "", bad: "✕", warn: "⊘", mute: "" };

/** @param {EventRowProps} props */
export function EventRow({ row, position, current, marked, top, context }) {
  const feel = tone(row.outcome);
  const href = link(context.log, "event", row.index);
  return html`<div role="row" id=${`row-${row.index}`} class="er ${feel}${current ? " current" : ""}${marked ? " marked" : ""}" aria-rowindex=${position + 2}
    aria-selected=${marked} data-at=${position} style=${{ transform: `translateY(${top}px)`, gridTemplateColumns: tracks(context.columns) }}
    onClick=${(/** @type {MouseEvent} */ event) => context.onRow(position, event)}>
    <span role="gridcell" class="mark"><input type="checkbox" tabindex="-1" checked=${marked} aria-label=${`Mark event ${row.index} to compare`} onClick=${() => context.onMark(row.index)} /></span>
    <span role="gridcell" class="when num"><a href=${href} tabindex="-1" title=${exact(row)}>${when(row, context)}</a></span>
    <span role="gridcell" class="says"><span class="sign" title=${row.outcome ?? ""} aria-hidden="true">${SIGNS[feel]}</span><${Sentence} row=${row} narrow=${context.narrow} /></span>
    ${context.columns.map((name) => html`<${Cell} key=${name} name=${name} row=${row} />`)}
  </div>`;
}

/** A row that is not loaded yet, or was let go. @param {{top: number}} props */
export const Bones = ({ top }) => html`<div class="er bones" aria-hidden="true" style=${{ transform: `translateY(${top}px)` }}><i></i><i></i><i></i></div>`;

/** @param {{name: string, row: Row}} props */
function Cell({ name, row }) {
  const { of, number } = column(name);
  const text = of(row) ?? "";
  return html`<span role="gridcell" class=${number ? "cell num right" : "cell"} title=${text}>${text}</span>`;
}

/**
 * @param {{row: Row, narrow: (field: string, value: string, exclude: boolean) => void, focusable?: boolean}} props
 */
export function Sentence({ row, narrow, focusable = false }) {
  return sentenceOf(row).map((span) => html`<${Piece} span=${span} narrow=${narrow} focusable=${focusable} />`);
}

/** @param {{span: Span, narrow: (field: string, value: string, exclude: boolean) => void, focusable: boolean}} props */
function Piece({ span, narrow, focusable }) {
  const { kind, text, field, value = "" } = span;
  const name = `s-${kind}${span.tone ? ` ${span.tone}` : ""}`;
  if (!field || !value) return kind === "text" ? text : kind === "code" ? html`<code class=${name}>${text}</code>` : html`<span class=${name}>${text}</span>`;
  /** @param {MouseEvent} event */
  const run = (event) => {
    event.stopPropagation();
    narrow(field, value, event.altKey || event.shiftKey);
  };
  return html`<button type="button" class=${name} tabindex=${focusable ? 0 : -1} title=${`Only ${field}:${value} (Alt or Shift: all but these)`} onClick=${run}>${text}</button>`;
}

/** @param {Row} row */
const exact = (row) => `received ${row.received}${row.time === undefined ? "" : `\nclaimed ${row.time}`}\nindex ${row.index}`;

/** @param {Row} row @param {RowContext} context */
function when(row, { zone, clock, day }) {
  const at = instantOf(clock === "claimed" ? (row.time ?? row.received) : row.received);
  if (at === null) return "–";
  if (times.value === "relative") return formatRelative(at, BigInt(now.value) * 1_000_000n);
  const { date, time } = parts(at, { zone });
  return date === day ? time : formatAbsolute(at, { zone }).slice(5);
}
