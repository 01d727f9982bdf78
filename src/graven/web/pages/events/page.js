/** The page Events: find, look, follow. Everything that is chosen is in the URL (place.js). */

import { html, style, useComputed, useEffect, useLayoutEffect, useRef, useState } from "../../html.js";
import { shortcuts, zone as ownZone } from "../../preferences.js";
import { changeQuery, link, navigate } from "../../route.js";
import { count, Empty, plural, Problem } from "../../shell/parts.js";
import { useShortcuts } from "../../shell/keys.js";
import { announce, logInfo } from "../../state.js";
import { term, toggle } from "../../parts/query-text.js";
import { ColumnPicker } from "./column-picker.js";
import { NothingFound } from "./empty.js";
import { FACET_FIELDS, FacetBar, keepOpen, openFields, Sheet } from "./facets.js";
import { Histogram } from "./histogram.js";
import { List, move } from "./list.js";
import { Notices } from "./notices.js";
import { readPlace, written } from "./place.js";
import { QueryBar } from "./query-bar.js";
import { RangePicker, widened } from "./range.js";
import { searchOf } from "./search.js";
import { Views } from "./views.js";

/** @import {Place} from "./place.js" @import {ListHandle} from "./list.js" @import {Route} from "../../route.js" */

await style(import.meta.url, "./events.css");

/** @param {Route} route */
export const title = ({ query }) => query.get("q") || "Events";

/** @param {{route: Route}} props */
export default function Events({ route }) {
  const search = searchOf(route.log);
  const place = readPlace(route.query);
  const zone = place.zone || (ownZone.value === "utc" ? "utc" : "local");
  const [open, setOpen] = useState(openFields);
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const list = useRef(/** @type {ListHandle | null} */ (null));

  useLayoutEffect(() => {
    // before the first frame is painted, not after it: the server has work to do meanwhile
    search.href = route.href;
    search.show(place, zone, open);
  }, [route.href, zone, open.join()]);
  useEffect(() => {
    search.resume();
    return () => search.stop();
  }, [search]);
  const status = search.status.value;
  const hasRows = useComputed(() => search.version.value >= 0 && search.store.count > 0).value; // changes when the first row arrives, too
  useEffect(() => {
    if (status === "ready") announce(search.store.count ? `${search.next.value === null ? "" : "more than "}${search.store.count} events found` : "nothing found");
  }, [status]);

  const change = (/** @type {Partial<Place>} */ changes) => changeQuery(written(changes), { replace: false });
  const quietly = (/** @type {Partial<Place>} */ changes) => changeQuery(written(changes));
  const narrow = useRef(/** @type {(field: string, value: string | null, exclude: boolean) => void} */ (() => {}));
  narrow.current = (field, value, exclude) => {
    const wanted = value === null ? `${field}:*` : term(field, value);
    change({ q: toggle(place.q, exclude ? `-${wanted}` : wanted) });
  };
  const stable = useRef({
    narrow: (/** @type {string} */ field, /** @type {string | null} */ value, /** @type {boolean} */ exclude) => narrow.current(field, value, exclude),
    mark: (/** @type {number} */ index) => {
      const marked = search.marked.value;
      search.marked.value = marked.includes(index) ? marked.filter((other) => other !== index) : [...marked, index].slice(-2);
      announce(`${search.marked.value.length} marked to compare`);
    },
  }).current;
  const current = () => search.store.at(search.current.value);
  const compare = () => {
    const [first, second = current()?.index] = search.marked.value;
    if (first !== undefined && second !== undefined && first !== second) quietly({ compare: [first, second] });
    else announce("Mark two events first: x, or the box in front of the row");
  };
  const focusList = () => list.current?.focus();
  useShortcuts("Events", [
    ["/", "go to the query", () => (input.current?.focus(), input.current?.select())],
    ["j", "next event", () => (move(search, list, 1), focusList())],
    ["k", "previous event", () => (move(search, list, -1), focusList())],
    ["↵", "open the event", () => {}], // heard below and by the list: here it would be taken from every button
    ["→", "only those that share a part of it", () => {}], // heard by the list
    ["x", "mark the event", () => { const row = current(); search.picked.value = true; if (row) stable.mark(row.index); }],
    ["c", "compare the marked events", compare],
    ["v", "verify the event", () => { const row = current(); if (row) navigate(link(search.log, "proof", row.index)); }],
    ["l", "follow live, or stop", () => change({ live: !place.live })],
    ["Escape", "unmark", () => (search.marked.value = [])],
  ]);

  useEffect(() => {
    // where nothing has the focus, Enter opens the row that keys mean, once one can see which; a button or link keeps its own
    const entered = (/** @type {KeyboardEvent} */ event) => {
      const at = event.target;
      if (event.key !== "Enter" || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !shortcuts.value) return;
      if (!(at instanceof HTMLElement) || (at !== document.body && at.id !== "main") || document.querySelector("dialog[open]")) return;
      const row = search.store.at(search.current.value);
      if (!search.picked.value) search.picked.value = true;
      else if (row) navigate(link(search.log, "event", row.index));
    };
    document.addEventListener("keydown", entered);
    return () => document.removeEventListener("keydown", entered);
  }, [search]);

  const isRanged = Boolean(place.since || place.until);
  const error = search.error.value;
  const isEmptyLog = status === "ready" && !hasRows && !place.q && !isRanged && !(logInfo.value?.size ?? search.size.value);
  const marked = search.marked.value;
  const facetBar = html`<${FacetBar} part=${search.facets.value} query=${place.q} open=${open} onOpen=${(/** @type {string[]} */ fields) => (keepOpen(fields), setOpen(fields))} narrow=${stable.narrow} />`;
  if (isEmptyLog) return html`<${Later} load=${loadFirstRun} />`;
  return html`<div class="events">
    <h1 class="offscreen">Events of ${route.log}</h1>
    <div class="asking">
      <${QueryBar} log=${route.log} query=${place.q} error=${error} input=${input} onSearch=${(/** @type {string} */ q) => (q === place.q ? search.reload() : change({ q }))} />
      <div class="controls">
        <${RangePicker} place=${place} zone=${zone} ownZone=${ownZone.value} onChange=${change} />
        ${isRanged && html`<button type="button" class="btn small quiet" title="A range twice as wide" onClick=${() => change(widened(place))}>Zoom out</button><button type="button" class="btn small quiet" onClick=${() => change({ since: "", until: "" })}>All time</button>`}
        <button type="button" class="btn small" aria-pressed=${place.live} onClick=${() => change({ live: !place.live })}><i class=${place.live ? "pulse ok" : "pulse"}></i> Live</button>
        <button type="button" class="btn small quiet" disabled=${place.live} onClick=${() => change({ order: place.order === "newest" ? "oldest" : "newest" })}>${place.order === "newest" ? "↓ newest first" : "↑ oldest first"}</button>
        <span class="grow found num" role="status"><${Found} search=${search} /></span>
        ${marked.length > 0 && html`<button type="button" class="btn small" onClick=${compare}>Compare ${marked.length === 2 ? "2" : "with this"}</button>`}
        <${Sheet} label="Filters">${facetBar}<//>
        <${ColumnPicker} columns=${place.columns} onChange=${(/** @type {string[]} */ columns) => quietly({ columns })} />
        <${Views} log=${route.log} place=${place} onOpen=${change} />
      </div>
    </div>
    <aside class="side" aria-label="Filters">${facetBar}</aside>
    <div class="results">
      ${status !== "failed" && html`<${Histogram} part=${search.histogram.value} by=${place.by} fields=${FACET_FIELDS} zone=${zone} onBy=${(/** @type {string} */ by) => quietly({ by })}
        onZoom=${(/** @type {string} */ since, /** @type {string} */ until) => change({ since, until, live: false })} onValue=${(/** @type {string | null} */ value, /** @type {boolean} */ exclude) => stable.narrow(place.by, value, exclude)} />`}
      <${Notices} search=${search} place=${place} onTop=${() => list.current?.toTop()} onAgain=${() => search.reload()} />
      ${status === "failed" && error?.code !== "bad_query" && html`<${Problem} error=${error} retry=${() => search.reload()} />`}
      ${status === "failed" && error?.code === "bad_query" && html`<${Empty} title="This query cannot be read"><p class="muted">The mistake is underlined above.</p><//>`}
      ${status === "loading" && !hasRows && html`<${Skeleton} />`}
      ${status === "ready" && !hasRows && !place.live && html`<${NothingFound} log=${route.log} place=${place} zone=${zone} onChange=${change} />`}
      ${status === "ready" && !hasRows && place.live && html`<${Empty} title="Nothing yet"><p class="muted">Events that match appear here as they come.</p><//>`}
      ${status !== "failed" && hasRows && html`<div class=${status === "loading" ? "listbox stale" : "listbox"} aria-busy=${status === "loading"}>
        <${List} search=${search} place=${place} zone=${zone} narrow=${stable.narrow} mark=${stable.mark} handle=${list} /></div>`}
      <p id="list-keys" class="offscreen">Arrow keys move, Enter opens, Space marks an event to compare it, right arrow goes to its parts, to see only events that share one.</p>
    </div>
    ${place.compare && html`<${Later} load=${loadCompare} log=${route.log} pair=${place.compare} onClose=${() => quietly({ compare: null })} />`}
  </div>`;
}

/** @param {{search: import("./search.js").Search}} props */
function Found({ search }) {
  const total = search.histogram.value.value?.total;
  void search.version.value;
  const loaded = search.store.count;
  if (search.status.value !== "ready") return "";
  if (search.next.value === null && search.tail.value === "off") return plural(loaded, "event");
  return html`${total === undefined ? "" : `${plural(Math.max(total, loaded), "event")} · `}${count(loaded)} loaded${search.loadingMore.value ? "…" : ""}`;
}

const Skeleton = () => html`<div class="skeleton" role="status" aria-label="Loading">${Array.from({ length: 14 }, (_, at) => html`<div key=${at} class="er bones"><i></i><i></i><i></i></div>`)}</div>`;

const loadCompare = () => import("./compare.js").then((module) => module.Compare);
const loadFirstRun = () => import("../start/first_run.js").then((module) => module.FirstRun);

/** A component that few need, loaded when it is shown. @param {{load: () => Promise<any>} & Record<string, unknown>} props */
function Later({ load, ...props }) {
  const [loaded, setLoaded] = useState(/** @type {{component: any} | null} */ (null));
  const [error, setError] = useState(/** @type {unknown} */ (null));
  useEffect(() => {
    load().then((component) => setLoaded({ component }), setError);
  }, [load]);
  if (error) return html`<${Problem} error=${error} what="This part of the page cannot be loaded" />`;
  return loaded && html`<${loaded.component} ...${props} />`;
}
