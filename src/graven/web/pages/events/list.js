/**
 * The list of events: only the rows in sight are drawn, whatever number is loaded.
 *
 * A grid with one tab stop. The focus stays on the grid and `aria-activedescendant` names the row, so that scrolling a
 * row away never loses it. Rows have a fixed height: one line, or two on a narrow screen.
 */

import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../../html.js";
import { times } from "../../preferences.js";
import { navigate, link } from "../../route.js";
import { useNarrow } from "../../parts/narrow.js";
import { parts } from "../../parts/time.js";
import { now } from "../../shell/time.js";
import { column, tracks } from "./columns.js";
import { Bones, EventRow, hint } from "./event-row.js";
import { OnlyThese, SPOT } from "./only-these.js";
import { AROUND, revealing, windowOf } from "./window-of.js";

/** @import {Search} from "./search.js" @import {Place} from "./place.js" @import {EventRowProps, RowContext} from "./event-row.js" */
/** @typedef {{focus: () => void, reveal: (position: number) => void, toTop: () => void}} ListHandle */
/**
 * @typedef {object} ListProps
 * @property {Search} search
 * @property {Place} place
 * @property {string} zone
 * @property {(field: string, value: string, exclude: boolean) => void} narrow
 * @property {(index: number) => void} mark
 * @property {{current: ListHandle | null}} handle
 */

const LINE = 30;
const CARD = 62;
const AHEAD_ROWS = 120;
const KEPT = 400;
const SETTLE_MS = 160;
/** Browsers cannot scroll much farther than this. */
const MOST_PIXELS = 14_000_000;

/** @param {ListProps} props */
export function List({ search, place, zone, narrow, mark, handle }) {
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const rowHeight = useNarrow() ? CARD : LINE;
  const [view, setView] = useState({ top: search.scrollTop, height: 600 });
  const [settled, setSettled] = useState(true);
  const shifted = useRef(search.shift.value);
  const heads = useRef(/** @type {HTMLDivElement | null} */ (null));
  const kept = useRef(/** @type {Kept} */ (new Map()));
  const room = (/** @type {HTMLElement} */ element) => element.clientHeight - (heads.current?.offsetHeight ?? 0);
  void search.version.value;
  const { store } = search;
  const count = Math.min(store.count, Math.floor(MOST_PIXELS / rowHeight));
  const shown = windowOf({ ...view, rowHeight, count });
  const day = parts(BigInt(now.value) * 1_000_000n, { zone }).date;

  const open = (/** @type {number} */ position) => {
    const row = store.at(position);
    if (row) navigate(link(search.log, "event", row.index));
  };
  const moment = times.value === "relative" ? BigInt(now.value) * 1_000_000n : null;
  const context = useMemo(
    () => /** @type {RowContext} */ ({ log: search.log, columns: place.columns, zone, clock: place.clock, day, now: moment }),
    [search, place.columns.join(), zone, place.clock, day, moment],
  );

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    element.scrollTop = search.scrollTop;
    const measure = () => setView({ top: element.scrollTop, height: room(element) });
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    measure();
    return () => watch.disconnect();
  }, [search]);

  // rows that came in front move the list only for those who look at its top
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const moved = search.shift.value - shifted.current;
    shifted.current = search.shift.value;
    if (moved > 0 && element.scrollTop > 0) element.scrollTop += moved * rowHeight;
    else if (search.shift.value === 0 && element.scrollTop !== search.scrollTop) element.scrollTop = search.scrollTop;
  }, [search.shift.value, store]);

  useEffect(() => {
    if (store.count - shown.last < AHEAD_ROWS && !search.moreError.value) void search.more();
    for (let at = shown.from; at < shown.to; at += 1) {
      if (!store.at(at)) {
        void search.refill(at);
        break;
      }
    }
  }, [shown.from, shown.to, search.version.value, search.loadingMore.value]);

  handle.current = {
    focus: () => box.current?.focus({ preventScroll: true }),
    toTop: () => box.current?.scrollTo({ top: 0 }),
    reveal: (position) => {
      const element = box.current;
      if (element) element.scrollTop = revealing(position, { top: element.scrollTop, height: room(element), rowHeight });
    },
  };

  useEffect(() => {
    const timer = setTimeout(() => setSettled(true), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [shown.from, settled]);

  const scrolled = () => {
    const element = box.current;
    if (!element?.isConnected) return;
    SPOT.value = null;
    const top = element.scrollTop;
    search.scrollTop = top;
    search.pause(top > rowHeight / 2);
    setView({ top, height: room(element) });
    setSettled(false);
  };
  const current = search.current.value;
  const isPicked = search.picked.value;
  const active = isPicked ? store.at(current) : null;
  const marked = search.marked.value;
  // nodes are used again for other rows; while the list moves they keep their place in the document, and are put into order after it
  const slots = Math.ceil(view.height / rowHeight) + 2 * AROUND + 2;
  const rows = [];
  for (let position = shown.from; position < shown.to; position += 1) {
    const row = store.at(position);
    const top = position * rowHeight;
    const slot = position % slots;
    const node = row
      ? drawn(kept.current, { row, position, slot, top, current: isPicked && position === current, marked: marked.includes(row.index), context })
      : html`<${Bones} key=${`bones-${slot}`} top=${top} />`;
    if (settled) rows.push(node);
    else rows[slot] = node;
  }
  const known = search.next.value === null && search.tail.value === "off";
  const told = place.clock === "claimed" ? "when it happened, as its producer claims" : "when the server took it; the time range has the other clock";
  return html`<div class="events-list" role="grid" aria-label="Events" aria-rowcount=${known ? store.count + 1 : -1} aria-multiselectable="true" aria-describedby="list-keys"
    tabindex="0" ref=${box} style=${{ "--tracks": tracks(place.columns) }} onScroll=${scrolled} aria-activedescendant=${active && current >= shown.from && current < shown.to ? `row-${active.index}` : undefined}
    onClick=${(/** @type {MouseEvent} */ event) => clicked(event, search, open, narrow, mark)} onPointerOver=${(/** @type {PointerEvent} */ event) => hinted(event, search)}
    onPointerLeave=${(/** @type {PointerEvent} */ event) => event.relatedTarget instanceof Element && event.relatedTarget.closest(".only") ? null : (SPOT.value = null)}
    onFocus=${() => box.current?.matches(":focus-visible") && (search.picked.value = true)}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => keyed(event, search, handle, open, mark)}>
    <div role="row" class="er heads" ref=${heads} aria-rowindex="1">
      <span role="columnheader"><span class="offscreen">marked</span></span>
      <span role="columnheader" class="when" title=${told}>${place.clock}</span><span role="columnheader">event</span>
      ${place.columns.map((name) => html`<span key=${name} role="columnheader" class=${column(name).number ? "cell right" : "cell"}>${column(name).title}</span>`)}
    </div>
    <div role="rowgroup" class="rows" style=${{ height: `${count * rowHeight}px` }}>${rows}</div>
  </div>
  <${OnlyThese} list=${box} narrow=${narrow} />`;
}

/** @typedef {Map<number, {props: EventRowProps, node: any}>} Kept  by index; the same node again costs the renderer nothing */

/** @param {Kept} kept @param {EventRowProps} props */
function drawn(kept, props) {
  const { index } = props.row;
  const known = kept.get(index);
  const names = /** @type {(keyof EventRowProps)[]} */ (["row", "position", "slot", "top", "current", "marked", "context"]);
  if (known && names.every((name) => known.props[name] === props[name])) return known.node;
  const node = html`<${EventRow} key=${props.slot} ...${props} />`;
  if (kept.size > KEPT) kept.clear();
  kept.set(index, { props, node });
  return node;
}

/**
 * @param {MouseEvent} event @param {Search} search @param {(position: number) => void} open
 * @param {(field: string, value: string, exclude: boolean) => void} narrow @param {(index: number) => void} mark
 */
function clicked(event, search, open, narrow, mark) {
  const at = event.target instanceof HTMLElement ? event.target : null;
  const position = Number(/** @type {HTMLElement | null | undefined} */ (at?.closest("[data-at]"))?.dataset.at ?? -1);
  const row = search.store.at(position);
  if (!at || !row) return;
  pick(search, position);
  const { field, value } = at.dataset;
  if (at instanceof HTMLInputElement) mark(row.index);
  else if (at.closest("a") && !event.altKey) return;
  else if (event.altKey) {
    event.preventDefault(); // or the browser would download the page of the event
    if (field && value) narrow(field, value, event.shiftKey);
  } else if (event.metaKey || event.ctrlKey) globalThis.open(link(search.log, "event", row.index));
  else if (!String(getSelection() ?? "")) open(position);
}

/** Titles are made when they are needed, and so is the button that narrows. @param {PointerEvent} event @param {Search} search */
function hinted(event, search) {
  const at = event.target instanceof HTMLElement ? event.target : null;
  const line = /** @type {HTMLElement | null | undefined} */ (at?.closest("[data-at]"));
  const row = search.store.at(Number(line?.dataset.at ?? -1));
  if (at && row) at.title = hint(at, row);
  if (event.pointerType === "touch") return;
  if (at?.dataset.field) SPOT.value = { part: at, byKeys: false };
  else if (SPOT.value && line !== SPOT.value.part.closest("[data-at]")) SPOT.value = null;
}

/** @param {Search} search @param {number} position */
function pick(search, position) {
  search.current.value = position;
  search.picked.value = true;
}

/** @param {KeyboardEvent} event @param {Search} search @param {{current: ListHandle | null}} handle @param {(position: number) => void} open @param {(index: number) => void} mark */
function keyed(event, search, handle, open, mark) {
  if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
  /** @type {Record<string, number>} */
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -search.store.count, End: search.store.count };
  const by = moves[event.key];
  if (by !== undefined) move(search, handle, by);
  else if (event.key === "Enter") open(search.current.value);
  else if (event.key === "ArrowRight") {
    const part = /** @type {HTMLElement | null} */ (document.querySelector(".rows .er.current [data-field]"));
    SPOT.value = part && { part, byKeys: true };
  } else if (event.key === " ") {
    const row = search.store.at(search.current.value);
    if (row) mark(row.index);
  } else return;
  event.preventDefault();
}

/** The first move marks a row, the others go on from it. @param {Search} search @param {{current: ListHandle | null}} handle @param {number} by  rows */
export function move(search, handle, by) {
  const from = search.current.value;
  pick(search, search.picked.value ? Math.max(0, Math.min(search.store.count - 1, from + by)) : from);
  handle.current?.reveal(search.current.value);
}
