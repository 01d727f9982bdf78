/** Whether the record is sound: `/ui/<log>/integrity`. What this browser checked itself stands apart from what the server says. */

import { ApiError, getJson, getText, inLog } from "../../api.js";
import { html, style, useEffect, useState } from "../../html.js";
import { guard, startAnew, watch } from "../../proof/guard.js";
import { hex } from "../../proof/encoding.js";
import { remembered } from "../../proof/memory.js";
import { link } from "../../route.js";
import { LineChart } from "../../shell/chart.js";
import { useShortcuts } from "../../shell/keys.js";
import { Badge, Hash, Snippet, count, download, plural, useLoad } from "../../shell/parts.js";
import { Time } from "../../shell/time.js";
import { logInfo } from "../../state.js";
import { Health, IndexState, Verification } from "./server_says.js";
import { parseMetrics } from "./metrics.js";

await style(import.meta.url, "./page.css");

export const title = () => "Integrity";

const ASK_MS = 5000;

/** Asks again and again while the page is seen. @template T @param {() => Promise<T>} ask @param {unknown[]} keys */
function usePolled(ask, keys) {
  const [state, setState] = useState(/** @type {{data: T | null, error: unknown}} */ ({ data: null, error: null }));
  useEffect(() => {
    let ended = false;
    const run = async () => {
      if (document.visibilityState !== "visible") return;
      try {
        const data = await ask();
        if (!ended) setState({ data, error: null });
      } catch (error) {
        if (!ended) setState((before) => ({ ...before, error }));
      }
    };
    void run();
    const timer = setInterval(run, ASK_MS);
    return () => {
      ended = true;
      clearInterval(timer);
    };
  }, keys);
  return state;
}

/** @param {{info: import("../../state.js").LogInfo}} props */
function Checked({ info }) {
  const state = guard.value;
  const opened = state?.log === info.name ? state.opened : null;
  const known = remembered(info.origin);
  const file = `${info.name}-${opened?.checkpoint.size ?? 0}.checkpoint`;
  return html`<section class="card">
    <header><h2>Checked by this browser</h2>
      ${state && html`<${Badge} tone=${state.status === "ok" && state.first ? "info" : { ok: "ok", alarm: "fail", unchecked: "warn", checking: "quiet" }[state.status]}>${state.status === "ok" && state.first ? "first seen" : { ok: "consistent", alarm: "alarm", unchecked: "not checked", checking: "checking" }[state.status]}<//>`}</header>
    <p class="muted">${state?.first
      ? "This browser met the log only now, so this tells little yet: its key is trusted from now on, and whatever is shown later must extend this checkpoint."
      : "At every visit the newest checkpoint must be signed by the same key, and extend the last one that was verified here."}
      ${state && !state.kept && " This browser keeps nothing, so each visit begins anew."}</p>
    ${state?.status === "unchecked" && html`<p role="alert">Could not check: ${state.why}.</p>`}
    ${opened && html`<dl class="kv">
      <dt>origin</dt><dd><code>${opened.checkpoint.origin}</code></dd>
      <dt>size</dt><dd class="num">${count(opened.checkpoint.size)} <span class="muted">of ${count(info.size)} recorded</span></dd>
      <dt>root</dt><dd><${Hash} value=${hex(opened.checkpoint.root)} /></dd>
      <dt>key</dt><dd><${Hash} value=${info.key} /></dd>
      <dt>signatures</dt><dd>${opened.note.signatures.map((one) => html`<code class="break">${one.name}</code> `)}<span class="muted">the log's own, computed by ${opened.by}</span></dd>
      ${state?.since && html`<dt>known here since</dt><dd><${Time} at=${state.since} /></dd>`}
      <dt>verified</dt><dd>${known && html`<${Time} at=${known.at} />`}</dd>
    </dl>`}
    <p class="toolbar">
      <button class="btn" onClick=${() => watch(info)}>Check now</button>
      <button class="btn" disabled=${!opened || !known} onClick=${() => known && download(file, known.note)}>Download the checkpoint</button>
      <button class="btn" onClick=${() => download("log.vkey", `${info.key}\n`)}>Download the key</button>
      <a class="btn" href=${link(info.name, "proof", Math.max(0, info.published_size - 1))}>Verify the newest entry</a>
    </p>
    <p class="muted">A checkpoint that you keep elsewhere convicts whoever rewrites the log later, even with its key.</p>
  </section>`;
}

/** @param {{info: import("../../state.js").LogInfo}} props */
function Contradiction({ info }) {
  const state = guard.value;
  const [sure, setSure] = useState(false);
  if (!state?.alarm || state.log !== info.name) return null;
  return html`<section class="card alarmed" id="alarm">
    <h2>What to do about the alarm</h2>
    <p>${state.alarm.why[0].toUpperCase() + state.alarm.why.slice(1)}.</p>
    <ol>
      <li><strong>Download both checkpoints</strong> (in the bar above). Both are signed: together they are the proof, for anybody, that two histories were shown.</li>
      <li>Ask who runs the server whether a backup was restored, a log adopted (<code>graven log adopt-rollback</code>) or a server set up anew. That is recorded in the log <a href=${link("system", "events")}>system</a>.</li>
      <li>Compare with others: <code>graven verify --explain</code> where somebody verified before, an anchor (<code>serve --anchor</code>), a witness.</li>
    </ol>
    <${Snippet} text=${`graven verify ${location.origin}/logs/${info.name} --key log.vkey --anchored verified.checkpoint --explain`} />
    <p class="toolbar">
      ${sure
        ? html`<button class="btn danger" onClick=${() => startAnew(info)}>Yes, forget and trust what is shown now</button><button class="btn" onClick=${() => setSure(false)}>Cancel</button>`
        : html`<button class="btn" onClick=${() => setSure(true)}>I have the evidence; forget what this browser knew…</button>`}
    </p>
  </section>`;
}

/** @param {{log: string}} props */
function Growth({ log }) {
  const { data, error } = useLoad(async (signal) => {
    const answer = await getJson(inLog(log, "histogram"), { query: { buckets: 60 }, signal });
    let sum = 0;
    const points = answer.buckets.map((/** @type {{start: string, count: number}} */ one) => [Date.parse(one.start) / 1000 + answer.width_ns / 1e9, (sum += one.count)]);
    return { times: points.map((/** @type {number[]} */ one) => one[0]), values: points.map((/** @type {number[]} */ one) => one[1]) };
  }, [log]);
  const away = error instanceof ApiError;
  return html`<section class="card">
    <h2>Growth</h2>
    ${data && data.times.length > 1 && html`<${LineChart} times=${data.times} values=${data.values} label=${`Entries of ${log}`} />`}
    ${data && data.times.length <= 1 && html`<p class="muted">Too little is recorded for a line.</p>`}
    ${error ? html`<p class="muted">${away && error.code === "index_away" ? "The line is counted by the index, which is away." : "The line is counted by the index, which this server does not have."}</p>` : null}
  </section>`;
}

/** The page. @param {{route: import("../../route.js").Route}} props */
export default function Integrity({ route }) {
  const { log } = route;
  const info = logInfo.value;
  const server = usePolled(async () => {
    const [ready, text, index] = await Promise.all([
      getJson("/readyz", { quiet: true }).catch((error) => ({ status: error instanceof ApiError && error.status === 503 ? "stopped" : "unknown", logs: {} })),
      getText("/metrics").catch(() => ""),
      getJson("/v1/index", { quiet: true }).catch((error) => (error instanceof ApiError ? { error } : null)),
    ]);
    return { ready, samples: parseMetrics(text), index };
  }, [log]);
  useShortcuts("Integrity", [["c", "check the newest checkpoint now", () => info && void watch(info)]]);
  if (!info) return null;
  return html`<div class="page integrity">
    <div class="pagehead"><div><h1>Integrity of ${log}</h1>
      <p>${plural(info.size, "entry", "entries")}, ${count(info.published_size)} of them under the newest signed checkpoint.</p></div></div>
    <${Contradiction} info=${info} />
    <${Checked} info=${info} />
    <${Growth} log=${log} />
    <div class="grid">
      <${Verification} log=${log} samples=${server.data?.samples ?? []} />
      <${IndexState} log=${log} answer=${server.data?.index ?? null} />
      <${Health} log=${log} ready=${server.data?.ready ?? null} samples=${server.data?.samples ?? []} />
    </div>
    <section class="card"><h2>Check it without this server</h2>
      <p class="muted">A page that comes from the log's own server cannot vouch for that server. The files are plain C2SP tlog-tiles: other people's verifiers read them, too.</p>
      <p><code>log.vkey</code> is the log's public key. Have it from somebody who runs the log, over another channel than this server; what “Download the key” above
        gives comes from this server, and is only as good as this server.</p>
      <${Snippet} text=${`export GRAVEN_TOKEN=grv_…  # a token with the role auditor\ngraven verify ${location.origin}/logs/${log} --key log.vkey`} />
    </section>
  </div>`;
}
