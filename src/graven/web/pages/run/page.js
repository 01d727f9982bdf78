/** One run: `/ui/<log>/run/<run>?show=failing&find=…`, and one test of it: `…?test=<name>&environment=…&attempt=…`. */

import { getJson, inLog } from "../../api.js";
import { html, style } from "../../html.js";
import { brief } from "../../parts/assertion.js";
import { changeQuery, link } from "../../route.js";
import { useShortcuts } from "../../shell/keys.js";
import { Empty, Loading, Problem, count, useLoad } from "../../shell/parts.js";
import { Time, duration } from "../../shell/time.js";
import { Counts, Status, Verdict, fromNs } from "../runs/verdicts.js";
import { Test } from "./test.js";

await style(import.meta.url, "./page.css");

/** @param {import("../../route.js").Route} route */
export const title = (route) => route.query.get("test")?.split("::").pop() ?? `Run ${route.rest[0] ?? ""}`;

const MOST_ROWS = 500;

/** @type {Record<string, [string, (test: any) => boolean]>} */
const FILTERS = {
  all: ["All", () => true],
  failing: ["Failing", (test) => test.failing],
  flaky: ["Flaky", (test) => test.flaky],
  skipped: ["Skipped", (test) => test.status === "skipped"],
};

/** @param {{test: any, log: string, run: string}} props */
function Row({ test, log, run }) {
  const last = test.attempts[test.attempts.length - 1];
  return html`<tr>
    <td><${Status} status=${test.status} failing=${test.failing} />${test.flaky && html` <span class="badge warn">flaky</span>`}</td>
    <td class="break"><a class="mono" href=${link(log, "run", run, { test: test.test, environment: test.environment })}>${test.test}</a>
      ${test.failing && last.error_message && html`<p class="muted firstline">${last.error_type}: ${brief(last.error_message)}</p>`}</td>
    <td class="num right nowrap">${test.attempts.length > 1 ? `${test.attempts.length} attempts` : ""}</td>
    <td class="num right nowrap">${duration(test.duration_ns) || "–"}</td>
    <td class="num right nowrap"><a class="tap" href=${link(log, "event", last.index)} title="the event that recorded it">event ${count(last.index)}</a></td>
  </tr>`;
}

/** @param {{run: any, log: string}} props */
function Facts({ run, log }) {
  /** @type {Array<[string, any]>} */
  const facts = [
    ["started", html`<${Time} at=${fromNs(run.started_ns ?? run.first_received_ns)} ms=${false} />`],
    ["took", duration(run.duration_ns)],
    ["branch", run.branch],
    ["commit", run.commit],
    ["build", run.build],
    ["environments", run.environments.join(", ")],
    ["shards", run.shards.length > 1 ? count(run.shards.length) : ""],
    ["entries", html`<a href=${link(log, "events", [], { q: `run:${quoted(run.run)}` })}><span class="num">${count(run.first_index)} to ${count(run.last_index)}</span></a>`],
  ];
  return html`<dl class="kv">${facts.filter(([, value]) => value).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

/** @param {string} value */
const quoted = (value) => (/^[\w.@/-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`);

/** @param {{data: any, route: import("../../route.js").Route}} props */
function Tests({ data, route }) {
  const { log, query } = route;
  const show = query.get("show") ?? (data.tests.some((/** @type {any} */ test) => test.failing) ? "failing" : "all");
  const find = (query.get("find") ?? "").toLowerCase();
  const [, wanted] = FILTERS[show] ?? FILTERS.all;
  const found = data.tests.filter((/** @type {any} */ test) => wanted(test) && `${test.suite}::${test.test}`.toLowerCase().includes(find));
  return html`<section class="card">
    <header>
      <div class="toolbar" role="group" aria-label="Which tests">
        ${Object.entries(FILTERS).map(([name, [label, fits]]) => {
          const n = data.tests.filter(fits).length;
          return html`<button class="btn small" aria-pressed=${name === show} disabled=${!n && name !== show} onClick=${() => changeQuery({ show: name })}>${label} <span class="num muted">${count(n)}</span></button>`;
        })}
      </div>
      <label class="toolbar"><span class="offscreen">Find a test</span><input type="search" placeholder="find a test" value=${query.get("find") ?? ""}
        onInput=${(/** @type {Event} */ event) => changeQuery({ find: /** @type {HTMLInputElement} */ (event.currentTarget).value })} /></label>
    </header>
    ${found.length
      ? html`<div class="scroll"><table class="table stacked">
          <thead><tr><th scope="col">status</th><th scope="col">test</th><th scope="col"><span class="offscreen">attempts</span></th><th scope="col" class="right">took</th><th scope="col" class="right"><span class="offscreen">event</span></th></tr></thead>
          <tbody>${found.slice(0, MOST_ROWS).map((/** @type {any} */ test) => html`<${Row} key=${`${test.suite} ${test.test} ${test.environment}`} test=${test} log=${log} run=${data.run.run} />`)}</tbody>
        </table></div>
        ${found.length > MOST_ROWS && html`<p class="muted">The first ${count(MOST_ROWS)} of ${count(found.length)}: find one by a part of its name.</p>`}`
      : html`<${Empty} title="No such test in this run"><button class="btn" onClick=${() => changeQuery({ show: "all", find: null })}>Show all</button><//>`}
  </section>`;
}

/** The page. @param {{route: import("../../route.js").Route}} props */
export default function Run({ route }) {
  const { log, rest, query } = route;
  const name = rest[0] ?? "last";
  const test = query.get("test");
  const { data, error, loading, reload } = useLoad((signal) => getJson(inLog(log, "runs", name), { signal }), [log, name]);
  useShortcuts("Run", [
    ["r", "read again", reload],
    ["f", "only failing tests", () => changeQuery({ show: "failing" })],
    ["a", "all tests", () => changeQuery({ show: "all" })],
  ]);
  if (test) return html`<${Test} key=${query.toString()} log=${log} run=${name} test=${test} environment=${query.get("environment")} attempt=${query.get("attempt")} />`;
  return html`<div class="page runpage">
    <div class="pagehead">
      <div><p class="crumbs"><a href=${link(log, "runs")}>Runs</a></p><h1 class="break">${name} ${data && html`<${Verdict} run=${data.run} />`}</h1></div>
      <div class="toolbar"><button class="btn" onClick=${reload} disabled=${loading}>Read again</button></div>
    </div>
    ${error ? html`<${Problem} error=${error} retry=${reload} />` : null}
    ${!data && loading && html`<${Loading} what="Reading the run" />`}
    ${data && html`
      <section class="card"><${Counts} counts=${data.run.counts} exact=${data.run.exact} /><${Facts} run=${data.run} log=${log} /></section>
      <${Tests} data=${data} route=${route} />`}
  </div>`;
}
