/** One attempt of a test: why it failed, what it was given and did, and everything that happened in it, in order of cause. */

import { getJson, inLog } from "../../api.js";
import { html } from "../../html.js";
import { link } from "../../route.js";
import { Badge, Copy, Loading, Problem, count, plural, useLoad } from "../../shell/parts.js";
import { Time, duration } from "../../shell/time.js";
import { Status } from "../runs/verdicts.js";
import { Value } from "./value.js";
import { Happened } from "./happened.js";

/** @param {unknown} value @returns {Record<string, any>} */
const members = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? /** @type {any} */ (value) : {});

/** @param {{values: Record<string, any>}} props */
const Values = ({ values }) => html`<dl class="kv values">${Object.entries(values).map(([name, value]) => html`<dt class="mono">${name}</dt><dd><${Value} value=${value} /></dd>`)}</dl>`;

/** @param {{assertion: any}} props */
function Compared({ assertion }) {
  const { op, left, right, diff } = members(assertion);
  if (op === undefined) return null;
  const changes = (Array.isArray(diff) ? diff : []).filter((one) => one && typeof one === "object" && one.path);
  return html`<section class="card">
    <h2>Compared: left <code>${op}</code> right</h2>
    ${changes.length > 0 && html`<div class="scroll"><table class="table diff">
      <thead><tr><th scope="col">where</th><th scope="col">left</th><th scope="col">right</th></tr></thead>
      <tbody>${changes.map((one) => html`<tr><td class="mono break">${one.path}</td>
        <td class="left">${one.op === "add" ? html`<span class="muted">absent</span>` : html`<${Value} value=${one.was} />`}</td>
        <td class="right-side">${one.op === "remove" ? html`<span class="muted">absent</span>` : html`<${Value} value=${one.value} />`}</td></tr>`)}</tbody>
    </table></div>`}
    <${Values} values=${{ left, right }} />
  </section>`;
}

/** @param {{error: any}} props */
function Failure({ error }) {
  const { type, message, stack } = members(error);
  if (type === undefined && message === undefined) return null;
  const frames = (Array.isArray(stack) ? stack : []).filter((frame) => frame && typeof frame === "object");
  return html`<section class="card failure">
    <h2>${type ?? "Error"}</h2>
    <pre class="message" tabindex="0" aria-label="message of the error">${String(message ?? "")}</pre>
    ${frames.map((frame, at) => html`<details class="frame" open=${at === frames.length - 1}>
      <summary><span class="mono break">${frame.file}:${frame.line}</span> in <span class="mono">${frame.function}</span>${at === frames.length - 1 && html` <${Badge} tone="fail">raised here<//>`}</summary>
      ${Object.keys(members(frame.locals)).length ? html`<${Values} values=${frame.locals} />` : html`<p class="muted">no locals recorded</p>`}
    </details>`)}
  </section>`;
}

/** @param {{input: any}} props */
function Given({ input }) {
  const params = members(members(input).params);
  const fixtures = members(members(input).fixtures);
  if (!Object.keys(params).length && !Object.keys(fixtures).length) return null;
  const values = Object.fromEntries(Object.entries(fixtures).map(([name, fixture]) => [name, "end" in members(fixture) ? { setup: members(fixture).setup, end: members(fixture).end } : members(fixture).setup]));
  return html`<section class="card"><h2>Given</h2>
    ${Object.keys(params).length > 0 && html`<h3>parameters</h3><${Values} values=${params} />`}
    ${Object.keys(fixtures).length > 0 && html`<h3>fixtures</h3><${Values} values=${values} />`}
  </section>`;
}

/** @param {{output: any}} props */
function Printed({ output }) {
  const { stdout, stderr, log } = members(output);
  const streams = [["stdout", stdout], ["stderr", stderr]].flatMap(([name, phases]) => Object.entries(members(phases)).map(([phase, text]) => [`${name}, ${phase}`, text]));
  const records = (Array.isArray(log) ? log : []).filter((one) => one && typeof one === "object");
  if (!streams.length && !records.length) return null;
  return html`<section class="card"><h2>Printed</h2>
    ${streams.map(([name, text]) => html`<h3>${name}</h3><pre class="printed" tabindex="0" aria-label=${name}>${String(text)}</pre>`)}
    ${records.length > 0 && html`<h3>log records</h3><pre class="printed" tabindex="0" aria-label="log records">${records.map((one) => `${one.level} ${one.logger}: ${typeof one.message === "string" ? one.message : JSON.stringify(one.message)}`).join("\n")}</pre>`}
  </section>`;
}

/** @param {{log: string, run: string, test: string, environment: string | null, attempt: string | null}} props */
export function Test({ log, run, test, environment, attempt }) {
  const { data, error, loading, reload } = useLoad((signal) => getJson(inLog(log, "tests", "show"), { query: { test, run, environment, attempt }, signal }), [log, run, test, environment, attempt]);
  const event = data?.event ?? {};
  const own = data?.timeline.find((/** @type {any} */ item) => item.index === data.index);
  const phases = Object.entries(members(members(event.attributes).phases));
  return html`<div class="page runpage">
    <div class="pagehead">
      <div><p class="crumbs"><a href=${link(log, "runs")}>Runs</a> / <a href=${link(log, "run", run)}>${run}</a></p>
        <h1 class="break mono">${test}</h1></div>
      ${data && html`<div class="toolbar">
        <a class="btn" href=${link(log, "event", data.index)}>Event <span class="num">${count(data.index)}</span></a>
        <a class="btn" href=${link(log, "proof", data.index)}>Is it genuine?</a>
        <${Copy} label="Copy as command" class="btn" text=${`graven test show '${test.replaceAll("'", "'\\''")}' --run ${run} --log ${log}`} />
      </div>`}
    </div>
    ${error ? html`<${Problem} error=${error} retry=${reload} />` : null}
    ${!data && loading && html`<${Loading} what="Reading the log" />`}
    ${data && html`
      <p class="toolbar"><${Status} status=${data.attempt.status} failing=${data.attempt.failing} />
        ${data.result.flaky && html`<${Badge} tone="warn">flaky<//>`}
        <span>took ${duration(data.attempt.duration_ns) || "an unknown time"}${phases.length > 0 && html` <span class="muted">(${phases.map(([name, ns]) => `${name} ${duration(Number(ns))}`).join(", ")})</span>`}</span>
        ${own && html`<span class="muted">ended <${Time} at=${own.event.time ?? null} /></span>`}
        ${data.result.environment && html`<span class="muted">${data.result.environment}</span>`}
        ${data.commit && html`<span class="muted mono">${data.branch} ${data.commit.slice(0, 10)}</span>`}
      </p>
      ${data.result.attempts.length > 1 && html`<nav class="toolbar" aria-label="Attempts">
        ${data.result.attempts.map((/** @type {any} */ one) => html`<a class="btn small" aria-current=${one.attempt === data.attempt.attempt ? "page" : undefined} href=${link(log, "run", run, { test, environment, attempt: one.attempt })}>attempt ${one.attempt} <${Status} status=${one.status} failing=${one.failing} /></a>`)}
      </nav>`}
      <${Failure} error=${event.error} />
      <${Compared} assertion=${members(event.attributes).assertion} />
      <${Happened} items=${data.timeline} log=${log} own=${data.index} leftOut=${data.left_out} />
      <${Given} input=${event.input} />
      <${Printed} output=${event.output} />
      <p class="muted">${plural(data.timeline.length, "event")} of ${plural(new Set(data.timeline.map((/** @type {any} */ item) => item.source)).size, "source")}.</p>`}
  </div>`;
}
