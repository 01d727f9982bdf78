/** The page Event: one event at a glance, what it took and gave, what it changed, and what stands around it. */

import { getText, inLog } from "../../api.js";
import { html, style, useEffect } from "../../html.js";
import { changeQuery, link, navigate } from "../../route.js";
import { Badge, Copy, Empty, Loading, Problem, size, useLoad } from "../../shell/parts.js";
import { useShortcuts } from "../../shell/keys.js";
import { Time } from "../../shell/time.js";
import { commandOf, curlOf } from "../../parts/copy.js";
import { Change } from "../../parts/diff.js";
import { add } from "../../parts/query-text.js";
import { sentenceOf } from "../../parts/sentence.js";
import { tone } from "../../parts/spans.js";
import { Popover } from "../../parts/popover.js";
import { Telling } from "../../parts/telling.js";
import { lastSearch } from "../events/search.js";
import { Neighbours, Related } from "./around.js";
import { factsOf, recordOf } from "./facts.js";
import { FactsList } from "./facts-list.js";
import { Failure } from "./failure.js";
import { asRow, indexesOf, loadEvent, storyOf } from "./loading.js";
import { Raw } from "./raw.js";
import { Card, Values } from "./values.js";

/** @import {Loaded, View} from "./loading.js" @import {Route} from "../../route.js" */

await style(import.meta.url, "./event.css");

/** @param {Route} route */
export const title = ({ rest }) => `Event ${rest[0] ?? ""}`;

/** @param {{route: Route}} props */
export default function EventPage({ route }) {
  const [name = ""] = route.rest;
  return isIndex(name) && !route.query.has("id") ? html`<${Indexed} log=${route.log} index=${Number(name)} raw=${route.query.get("view") === "raw"} />` : html`<${Named} log=${route.log} id=${name} />`;
}

/** @param {string} name */
const isIndex = (name) => /^\d{1,16}$/.test(name);

/** The permalink by id: leads to the index. @param {{log: string, id: string}} props */
function Named({ log, id }) {
  const { data, error, reload } = useLoad((signal) => indexesOf(log, id, signal), [log, id]);
  useEffect(() => {
    if (data?.length === 1 && data[0]) navigate(link(log, "event", data[0].index), { replace: true });
  }, [data]);
  if (error) return html`<${Problem} error=${error} retry=${reload} />`;
  if (!data || data.length === 1) return html`<${Loading} what="Looking for the event" />`;
  if (!data.length) return html`<${Empty} title="No event has this id"><p><code>${id}</code></p><p><a class="btn" href=${link(log, "events")}>All events</a></p><//>`;
  return html`<${Empty} title="Several events have this id"><p class="muted">An id is unique only within its source.</p>
    <ul>${data.map((row) => html`<li key=${row.index}><a href=${link(log, "event", row.index)}>event ${row.index}</a> of ${row.source}</li>`)}</ul><//>`;
}

/** @param {{log: string, index: number, raw: boolean}} props */
function Indexed({ log, index, raw }) {
  const { data, error, loading, reload } = useLoad((signal) => loadEvent(log, index, signal), [log, index]);
  const to = (/** @type {number} */ by) => {
    const next = neighbourOf(log, index, by);
    if (next !== null) navigate(link(log, "event", next));
  };
  useShortcuts("Event", [
    ["j", "next event", () => to(1)],
    ["k", "previous event", () => to(-1)],
    ["v", "verify the event", () => navigate(link(log, "proof", index))],
    ["r", "raw bytes, or back", () => changeQuery({ view: raw ? null : "raw" })],
    ["Escape", "back to the list", () => navigate(listOf(log))],
  ]);
  if (error) return html`<div class="page eventpage"><${Steps} log=${log} index=${index} to=${to} /><${Problem} error=${error} retry=${reload} /></div>`;
  if (!data) return loading ? html`<${Loading} what=${`Reading event ${index}`} />` : null;
  return html`<div class="page eventpage" aria-busy=${loading}>
    <${Head} log=${log} view=${data.view} raw=${raw} to=${to} />
    ${raw ? html`<${Raw} log=${log} index=${index} />` : html`<${Told} log=${log} loaded=${data} />`}
  </div>`;
}

/** @param {string} log */
function listOf(log) {
  const search = lastSearch(log);
  return search?.href ?? link(log, "events");
}

/** The next in the list that was shown last, when this event is in it; else in the log. @param {string} log @param {number} index @param {number} by */
function neighbourOf(log, index, by) {
  const search = lastSearch(log);
  const position = search ? search.store.find(index, search.current.peek()) : -1;
  if (!search || position < 0) return index + by >= 0 ? index + by : null;
  const row = search.store.at(position + by);
  if (!row) return null;
  search.current.value = position + by;
  if (search.store.count - position < 20) void search.more();
  return row.index;
}

/** @param {{log: string, index: number, to: (by: number) => void}} props */
function Steps({ log, index, to }) {
  return html`<nav class="steps" aria-label="Events">
    <a class="btn small" href=${listOf(log)}>← Events</a>
    <button type="button" class="btn small" onClick=${() => to(-1)} title="Previous event (k)">↑ Previous</button><button type="button" class="btn small" onClick=${() => to(1)} title="Next event (j)">↓ Next</button>
    <span class="muted num">event ${index.toLocaleString("en")}</span>
  </nav>`;
}

/** @param {{log: string, view: View, raw: boolean, to: (by: number) => void}} props */
function Head({ log, view, raw, to }) {
  const { index } = view;
  const feel = /** @type {const} */ ({ good: "ok", bad: "fail", warn: "warn", mute: "quiet" })[tone(view.event.outcome)];
  return html`<div class="eventhead">
    <${Steps} log=${log} index=${index} to=${to} />
    <h1><${Telling} spans=${sentenceOf(asRow(view))} /></h1>
    <p class="eventline">${view.event.outcome && html`<${Badge} tone=${feel}>${view.event.outcome}<//>`} <span class="muted" title="When this server took it in. When it happened, as whoever recorded it claims, is “when” below.">received <${Time} at=${String(view.received)} /></span> ${view.redacted ? html`<${Badge} tone="info">${view.redacted} redacted<//>` : ""}</p>
    <div class="toolbar">
      <${InItsRun} log=${log} view=${view} />
      <a class="btn small" href=${link(log, "proof", index)} title="Verify it in this browser (v)">Is it genuine?</a>
      <button type="button" class="btn small" aria-pressed=${raw} onClick=${() => changeQuery({ view: raw ? null : "raw" })}>Raw bytes</button>
      <${Popover} label="Copy ▾" title="Copy">${() => html`<div class="copies">
        <${Copy} label="Entry as JSON" text=${() => getText(inLog(log, "events", index), { accept: "application/octet-stream" })} />
        <${Copy} label="curl" text=${curlOf({ origin: location.origin, log, index })} />
        <${Copy} label="graven show" text=${commandOf({ origin: location.origin, log, index })} />
        <${Copy} label="Link (by index)" text=${location.origin + link(log, "event", index)} />
        <${Copy} label="Link (by id)" text=${location.origin + link(log, "event", view.id, { id: isIndex(view.id) ? 1 : null })} />
      </div>`}<//>
    </div>
  </div>`;
}

/** The page of the test or run that it belongs to, which tells the whole story. @param {{log: string, view: View}} props */
function InItsRun({ log, view }) {
  const { run } = /** @type {Record<string, string | undefined>} */ (view.event.qa ?? {});
  const story = storyOf(log, view.event.qa);
  if (typeof run !== "string" || !run) return null;
  if (!story) return html`<a class="btn small" href=${link(log, "run", run)}>Run ${run}</a>`;
  return html`<a class="btn small primary" href=${story}>What happened in this test</a>`;
}

/** @param {{log: string, loaded: Loaded}} props */
function Told({ log, loaded }) {
  const { view } = loaded;
  const { event } = view;
  const search = (/** @type {string} */ query) => navigate(link(log, "events", [], { q: add("", query) }));
  const changes = (event.targets ?? []).filter((target) => target?.change && typeof target.change === "object");
  return html`<div class="eventbody">
    <div class="stack">
      ${!loaded.mapped && html`<p class="card">The index is away, so this entry of format ${view.format} cannot be explained now. Its bytes are under “Raw bytes”.</p>`}
      ${event.error && html`<${Failure} loaded=${loaded} />`}
      <${Card} title="At a glance"><${FactsList} log=${log} facts=${factsOf(view)} /><//>
      ${changes.map((target, at) => html`<${Card} key=${at} title=${`What changed: ${[target.type, target.name ?? target.id].filter(Boolean).join(" ")}`}><${Change} change=${target.change} /><//>`)}
      <${Values} log=${log} loaded=${loaded} onFilter=${search} />
      ${event.attachments && event.attachments.length > 0 && html`<${Card} title="Attachments"><${Attachments} list=${event.attachments} /><//>`}
    </div>
    <div class="stack">
      <${Card} title="In the log"><${FactsList} log=${log} facts=${recordOf(view)} /><//>
      <${Related} log=${log} view=${view} />
      <${Neighbours} log=${log} view=${view} />
    </div>
  </div>`;
}

/** @param {{list: NonNullable<View["event"]["attachments"]>}} props */
function Attachments({ list }) {
  return html`<ul class="attachments">${list.map(
    ({ name, media_type, digest, size: bytes }, at) => html`<li key=${at}>${digest ? html`<a href=${`/v1/blobs/${encodeURIComponent(digest)}`} download=${name ?? "attachment"}>${name ?? digest}</a>` : name} <span class="muted">${media_type ?? ""} ${bytes === undefined ? "" : size(bytes)}</span></li>`,
  )}</ul>`;
}
