/** The timeline of a test: events of all sources in order of cause, each under what it happened in. */

import { html, useState } from "../../html.js";
import { link } from "../../route.js";
import { count, plural } from "../../shell/parts.js";
import { duration } from "../../shell/time.js";
import { term } from "../../parts/query-text.js";
import { Value } from "./value.js";

/** @type {Record<string, string>} */
const ORDER = {
  cause: "caused by the one before",
  sequence: "after the one before: one producer counted both",
  time: "after the one before, by their clocks",
  claimed: "after the one before, as it claims: nothing compares the two clocks",
  concurrent: "at the same time as the one before, or nothing tells",
};

const BRIEF = 160;

/** A value in a few words. @param {unknown} value */
function brief(value) {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return text.length > BRIEF ? `${text.slice(0, BRIEF)}…` : text;
}

/** What an event is about, in one line, with what it was given and what it gave. @param {{event: any, log: string}} props */
function Told({ event, log }) {
  const { method = {}, input, output = {}, message, targets = [] } = event;
  if (method.statement) {
    const parameters = input?.parameters;
    const some = Array.isArray(parameters) ? parameters.length > 0 : parameters && Object.keys(parameters).length > 0;
    return html`<code class="break">${String(method.statement)}</code>${some && html` <span class="muted">with</span> <code class="break">${brief(parameters)}</code>`}
      ${output?.rows !== undefined && html`<span class="gave"> → <code class="break">${brief(output.rows)}</code></span>`}`;
  }
  if (method.uri) {
    const status = output?.status ?? output?.status_code;
    return html`<code class="break">${method.operation ?? ""} ${method.uri}</code>${input?.body ? html` <span class="muted">with</span> <code class="break">${brief(input.body)}</code>` : ""}
      ${status !== undefined && html`<span class="gave"> → <strong class="num">${String(status)}</strong> ${output?.body ? html`<code class="break">${brief(output.body)}</code>` : ""}</span>`}`;
  }
  const target = targets[0];
  if (target?.id !== undefined && target.type !== "test") {
    const value = target.type ? `${target.type}/${target.id}` : target.id;
    return html`<a class="break" href=${link(log, "events", [], { q: term("target", value) })} title=${`All that happened to ${value}`}>${target.type ?? ""} ${target.name ?? target.id}</a>${message ? html` <span class="break">${String(message)}</span>` : ""}`;
  }
  if (message) return html`<span class="break">${String(message)}</span>`;
  return target ? html`<span class="break">${target.type ?? ""} ${target.name ?? target.id ?? ""}</span>` : null;
}

/** The test itself: recorded when it ended, it stands where it began. @param {{event: any}} props */
function Itself({ event }) {
  const { status = event.outcome } = event.qa ?? {};
  return html`<span class="break">${event.targets?.[0]?.name ?? event.qa?.test ?? ""}</span> <span class="muted">${status}${event.duration_ns !== undefined && ` after ${duration(event.duration_ns)}`}; recorded when it ended</span>`;
}

/** @param {{item: any, log: string, own: boolean, home: string}} props */
function Item({ item, log, own, home }) {
  const [open, setOpen] = useState(false);
  const { event } = item;
  const failed = !own && (event.outcome === "failure" || event.outcome === "error" || event.outcome === "denied");
  const id = `happened-${item.index}`;
  const details = Object.fromEntries(
    /** @type {Array<[string, any]>} */ ([["input", event.input], ["output", event.output], ["error", own ? undefined : event.error], ["targets", event.targets], ["method", event.method]]).filter(([, value]) => value !== undefined),
  );
  return html`<li class=${`happened ${failed ? "failed" : ""} ${own ? "own" : ""}`} style=${{ paddingLeft: `${Math.min(item.depth, 8) * 18}px` }}>
    <div class="line">
      <span class="offset num muted" title=${ORDER[item.order] ?? ""}>${item.offset_ns === null ? "–" : item.offset_ns <= 0 ? "0" : `+${duration(item.offset_ns)}`}</span>
      <button class="open" aria-expanded=${open} aria-controls=${id} onClick=${() => setOpen(!open)}>
        <strong title=${own ? event.action : undefined}>${own ? "test begins" : event.action}</strong> <span class=${`source ${item.source === home ? "" : "other"}`} title=${item.source === home ? "recorded by the test" : "recorded by what was tested"}>${item.source}</span></button>
      <span class="told">${own ? html`<${Itself} event=${event} />` : html`<${Told} event=${event} log=${log} />`}</span>
      <a class="num muted tap" href=${link(log, "event", item.index)} title=${`event ${item.index}`} aria-label=${`event ${item.index}`}>${count(item.index)}</a>
    </div>
    ${item.missing_parent && html`<p class="muted">what it happened in is not recorded here</p>`}
    <div id=${id} class="details" hidden=${!open}>${open && html`<dl class="kv values">${Object.entries(details).map(([name, value]) => html`<dt>${name}</dt><dd><${Value} value=${value} /></dd>`)}</dl>`}</div>
  </li>`;
}

/** @param {{items: any[], log: string, own: number, leftOut: number}} props */
export function Happened({ items, log, own, leftOut }) {
  const home = items.find((item) => item.index === own)?.source ?? "";
  return html`<section class="card">
    <header><h2>What happened in it</h2><span class="muted">in order of cause; open a line for all of it, its number for the event</span></header>
    <ol class="timeline">${items.map((item) => html`<${Item} key=${item.index} item=${item} log=${log} own=${item.index === own} home=${home} />`)}</ol>
    ${leftOut > 0 && html`<p class="muted">${plural(leftOut, "more event")} left out: too many for one page.</p>`}
  </section>`;
}
