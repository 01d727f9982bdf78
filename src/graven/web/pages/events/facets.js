/** The side bar of facets: how often each value occurs among what was found. Click narrows, Alt or Shift leaves out. */

import { html, useState } from "../../html.js";
import { count } from "../../shell/parts.js";
import { has, term } from "../../parts/query-text.js";

/** @import {Facets as Told, Part} from "./search.js" */
/** @typedef {(field: string, value: string | null, exclude: boolean) => void} Narrow  null: any value */

export const FACET_FIELDS = ["outcome", "action", "actor", "source", "error", "run", "test", "status", "env", "branch", "actor.type", "protocol", "operation", "host", "suite", "phase", "build", "release", "commit", "format", "token"];
const OPEN_AT_FIRST = ["outcome", "action", "actor", "source", "error", "run", "env"];
const NAME = "graven.facets";

/** @returns {string[]} the fields whose counts are shown, as they were left */
export function openFields() {
  try {
    const kept = JSON.parse(localStorage.getItem(NAME) ?? "null");
    if (Array.isArray(kept)) return kept.filter((field) => FACET_FIELDS.includes(field));
  } catch {
    // what is kept is of no use: the default
  }
  return OPEN_AT_FIRST;
}

/** @param {string[]} fields */
export function keepOpen(fields) {
  try {
    localStorage.setItem(NAME, JSON.stringify(fields));
  } catch {
    // then it is open again next time
  }
}

/** @param {{part: Part<Told>, query: string, open: string[], onOpen: (fields: string[]) => void, narrow: Narrow}} props */
export function FacetBar({ part, query, open, onOpen, narrow }) {
  const toggle = (/** @type {string} */ field) => onOpen(open.includes(field) ? open.filter((other) => other !== field) : FACET_FIELDS.filter((other) => open.includes(other) || other === field));
  return html`<div class=${part.loading && part.value ? "facets stale" : "facets"} aria-busy=${part.loading}>
    ${part.error && !["bad_query", "index_away", "index_off", "server_gone"].includes(part.error.code) && html`<p class="muted facetnote">No counts: ${part.error.message}</p>`}
    ${FACET_FIELDS.map((field) => html`<${Group} key=${field} field=${field} part=${part} query=${query} isOpen=${open.includes(field)} onToggle=${() => toggle(field)} narrow=${narrow} />`)}
  </div>`;
}

/** @param {{field: string, part: Part<Told>, query: string, isOpen: boolean, onToggle: () => void, narrow: Narrow}} props */
function Group({ field, part, query, isOpen, onToggle, narrow }) {
  const found = part.value?.facets[field];
  const values = found?.values ?? [];
  const total = values.reduce((sum, one) => sum + one.count, 0) + (found?.other ?? 0) + (found?.absent ?? 0);
  const isAbsent = isOpen && found && !values.length && !found.other;
  return html`<section class="facet">
    <h2><button type="button" aria-expanded=${isOpen} onClick=${onToggle}><span class="tri" aria-hidden="true">${isOpen ? "▾" : "▸"}</span>${field}${isAbsent && html`<span class="absent">none</span>`}</button></h2>
    ${isOpen && !found && !part.error && html`<div class="bones" aria-hidden="true"><i></i><i></i><i></i></div>`}
    ${isOpen && found && !isAbsent && html`<ul>
      ${values.map(({ value, count: n }) => html`<${Value} key=${value} field=${field} value=${value} n=${n} share=${total ? n / total : 0} query=${query} narrow=${narrow} />`)}
      ${found.other > 0 && html`<li class="rest"><span>other values</span><span class="num">${count(found.other)}</span></li>`}
      ${found.absent > 0 && html`<li><button type="button" class="value" title=${`Only events without ${field}`} onClick=${() => narrow(field, null, true)}><span class="name muted">none</span><span class="num">${count(found.absent)}</span></button></li>`}
    </ul>`}
  </section>`;
}

/** @param {{field: string, value: string, n: number, share: number, query: string, narrow: Narrow}} props */
function Value({ field, value, n, share, query, narrow }) {
  const wanted = term(field, value);
  const is = has(query, wanted) ? "in" : has(query, `-${wanted}`) ? "out" : "";
  return html`<li class=${is}>
    <button type="button" class="value" aria-pressed=${is === "in"} title=${`${value}\nClick: only these. Alt or Shift: all but these.`} onClick=${(/** @type {MouseEvent} */ event) => narrow(field, value, event.altKey || event.shiftKey)}>
      <span class="share" aria-hidden="true" style=${{ width: `${Math.max(share * 100, 1)}%` }}></span><span class="name">${value || "(empty)"}</span><span class="num">${count(n)}</span>
    </button>
    <button type="button" class="not" aria-label=${`All but ${field} ${value}`} title="All but these" aria-pressed=${is === "out"} onClick=${() => narrow(field, value, true)}>−</button>
  </li>`;
}

/** For narrow screens: the same in a sheet. @param {{children: any, label: string}} props */
export function Sheet({ children, label }) {
  const [dialog, setDialog] = useState(/** @type {HTMLDialogElement | null} */ (null));
  return html`<button type="button" class="btn small sheetbutton" onClick=${() => dialog?.showModal()}>${label}</button>
    <dialog class="sheet" ref=${setDialog} aria-label=${label} onClick=${(/** @type {MouseEvent} */ event) => event.target === dialog && dialog?.close()}>
      <header><h2>${label}</h2><button type="button" class="btn small" onClick=${() => dialog?.close()}>Done</button></header>
      ${children}
    </dialog>`;
}
