/** What the server says about itself: background verification, index, health of the recorder. */

import { ApiError } from "../../api.js";
import { html } from "../../html.js";
import { Badge, count, plural, size } from "../../shell/parts.js";
import { Time, duration } from "../../shell/time.js";
import { metric, quantile, total } from "./metrics.js";

/** @typedef {import("./metrics.js").Sample} Sample */

/** @param {number | null} n @param {(n: number) => any} [shown] */
const known = (n, shown = count) => (n === null ? html`<span class="muted">not known</span>` : shown(n));

/** @param {{log: string, samples: Sample[]}} props */
export function Verification({ log, samples }) {
  const at = metric(samples, "graven_log_verified_time_seconds", { log });
  const findings = metric(samples, "graven_log_verification_findings", { log });
  const word = findings ? "findings" : at ? "fine" : "none yet";
  return html`<section class="card">
    <header><h2>Background verification</h2><${Badge} tone=${findings ? "fail" : at ? "ok" : "quiet"}>${word}<//></header>
    <dl class="kv">
      <dt>last pass</dt><dd>${at ? html`<${Time} at=${new Date(at * 1000).toISOString()} ms=${false} />` : "none since the server started"}</dd>
      <dt>findings</dt><dd class="num">${known(findings)}</dd>
      <dt>anchored</dt><dd class="num">${known(metric(samples, "graven_anchored_checkpoints"), (n) => (n ? html`${plural(n, "checkpoint")} <span class="muted">of all logs, copied to where <code>serve --anchor</code> says</span>` : html`none <span class="muted">(<code>serve --anchor</code> copies them elsewhere)</span>`))}</dd>
    </dl>
    <p class="muted">The server recomputes every entry, hash and file from the disk once a day. Findings are recorded in <code>system</code>.</p>
  </section>`;
}

/** @param {{log: string, answer: any}} props */
export function IndexState({ log, answer }) {
  const own = answer?.logs?.find?.((/** @type {any} */ one) => one.name === log);
  if (!own) {
    const missing = answer?.error instanceof ApiError && answer.error.status === 404;
    return html`<section class="card"><header><h2>Index</h2><${Badge} tone=${answer?.error ? "warn" : "quiet"}>${missing ? "none" : answer?.error ? "away" : "…"}<//></header>
      <p class="muted">${missing ? "This server has no index: entries are read by their numbers only." : answer?.error ? "Search is away. Recording, reads by index and proofs go on." : "Asking."}</p></section>`;
  }
  const tone = own.state === "following" ? "ok" : ["away", "off"].includes(own.state) ? "warn" : "info";
  return html`<section class="card">
    <header><h2>Index</h2><${Badge} tone=${tone}>${own.state.replace("_", " ")}<//></header>
    <dl class="kv">
      <dt>indexed</dt><dd class="num">${count(own.indexed)} of ${count(own.size)}</dd>
      <dt>behind by</dt><dd class="num">${own.lag_entries ? `${plural(own.lag_entries, "entry", "entries")}${own.lag_s ? `, ${duration(own.lag_s * 1e9)}` : ""}` : "nothing"}</dd>
      <dt>segments</dt><dd class="num">${count(own.segments?.length ?? 0)}</dd>
    </dl>
    <p class="muted">The index is derived: losing it loses nothing, <code>graven index rebuild</code> makes it again.</p>
  </section>`;
}

/** @param {{log: string, ready: any, samples: Sample[]}} props */
export function Health({ log, ready, samples }) {
  const stopped = ready?.logs?.[log];
  // whoever may see certain logs only is not told what counts all together
  const all = (/** @type {string} */ name) => (metric(samples, "graven_append_seconds_count") === null ? null : total(samples, name));
  const seconds = (/** @type {number} */ n) => (n === Infinity ? "over 8 s" : `≤ ${duration(n * 1e9)}`);
  return html`<section class="card">
    <header><h2>Recorder</h2><${Badge} tone=${!ready ? "quiet" : stopped ? "fail" : ready.status === "ready" ? "ok" : "warn"}>${!ready ? "…" : stopped ? "stopped" : ready.status}<//></header>
    ${stopped && html`<p role="alert">${stopped}</p>`}
    <dl class="kv">
      <dt>waiting to be written</dt><dd class="num">${known(metric(samples, "graven_log_queued_bytes", { log }), size)}</dd>
      <dt>waiting for tiles</dt><dd class="num">${known(metric(samples, "graven_log_pending_bytes", { log }), size)}</dd>
      <dt>journal</dt><dd class="num">${known(metric(samples, "graven_log_journal_bytes", { log }), size)}</dd>
      <dt>appends answered in</dt><dd class="num">${known(quantile(samples, "graven_append_seconds", 0.5), seconds)} <span class="muted">(half)</span>, ${known(quantile(samples, "graven_append_seconds", 0.99), seconds)} <span class="muted">(99 %)</span></dd>
      <dt>writer restarts</dt><dd class="num">${known(metric(samples, "graven_log_restarts", { log }))}</dd>
      <dt>incidents</dt><dd class="num">${known(all("graven_incidents_total"))}</dd>
      <dt>refused requests</dt><dd class="num">${known(all("graven_refused_requests_total"))}</dd>
    </dl>
  </section>`;
}
