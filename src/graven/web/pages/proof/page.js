/** One entry, proven: `/ui/<log>/proof/<index>`. The browser computes everything itself and shows each step. */

import { html, style, useState } from "../../html.js";
import { link, navigate } from "../../route.js";
import { Badge, Loading, Problem, Snippet, count, download, plural, useLoad } from "../../shell/parts.js";
import { logInfo } from "../../state.js";
import { proveEntry } from "./prove.js";

await style(import.meta.url, "./page.css");

/** @param {import("../../route.js").Route} route */
export const title = (route) => `Proof of entry ${route.rest[0] ?? ""}`;

/** @param {{step: import("./prove.js").ProofStep}} props */
function Step({ step }) {
  const tone = /** @type {const} */ ({ ok: "ok", failed: "fail", skipped: "quiet" })[step.state];
  return html`<li class="step" data-state=${step.state} data-step=${step.name}>
    <div class="stephead"><${Badge} tone=${tone}>${step.state === "ok" ? "ok" : step.state}<//><h3>${step.title}</h3></div>
    <p class="muted">${step.what}</p>
    ${step.why && html`<p class="why" role="alert">${step.why}</p>`}
    ${step.values.length > 0 && html`<dl class="kv mono">${step.values.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`}
    ${step.path.length > 0 && html`<${Path} path=${step.path} />`}
  </li>`;
}

/** @param {{path: import("./prove.js").ProofStep["path"]}} props */
function Path({ path }) {
  return html`<details class="path">
    <summary>${plural(path.length, "step")} from the leaf to the root</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="steps of the path"><table class="table">
      <thead><tr><th class="right">step</th><th>hash from the proof, and its side</th><th>SHA-256(01 ‖ left ‖ right)</th></tr></thead>
      <tbody>${path.map((one, at) => html`<tr><td class="num right">${at + 1}</td><td class="mono">${one.side} ${one.sibling}</td><td class="mono">${one.node}</td></tr>`)}</tbody>
    </table></div>
  </details>`;
}

/** @param {{index: number, last: number}} props */
function Jump({ index, last }) {
  const log = logInfo.value?.name ?? "";
  /** @param {SubmitEvent} event */
  const go = (event) => {
    event.preventDefault();
    const wanted = String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get("index") ?? "").trim();
    if (/^\d+$/.test(wanted)) navigate(link(log, "proof", wanted));
  };
  return html`<form class="toolbar" onSubmit=${go}>
    <label class="toolbar">Entry <input name="index" inputmode="numeric" pattern="[0-9]+" required size="9" defaultValue=${String(index)} key=${index} /></label>
    <button class="btn">Verify</button>
    ${index > 0 && html`<a class="btn quiet" href=${link(log, "proof", index - 1)}>previous</a>`}
    ${index < last && html`<a class="btn quiet" href=${link(log, "proof", index + 1)}>next</a>`}
  </form>`;
}

/** The page. @param {{route: import("../../route.js").Route}} props */
export default function Proof({ route }) {
  const info = logInfo.value;
  const log = route.log;
  const index = /^\d{1,15}$/.test(route.rest[0] ?? "") ? Number(route.rest[0]) : Math.max(0, (info?.published_size ?? 1) - 1);
  const [turn, setTurn] = useState(0);
  const { data, error, loading, reload } = useLoad(async () => (info ? proveEntry(info, index) : null), [log, index, turn]);
  const verdict = data?.verdict;
  return html`<div class="page proof">
    <div class="pagehead">
      <div><h1>Is entry <span class="num">${count(index)}</span> genuine?</h1>
        <p>Your browser asks for the exact bytes, the proof and the checkpoint, and computes the rest itself.</p></div>
      <${Jump} index=${index} last=${(info?.size ?? 1) - 1} />
    </div>
    ${error ? html`<${Problem} error=${error} retry=${reload} what="The proof cannot be had" />` : null}
    ${!data && loading && html`<${Loading} what="Computing" />`}
    ${data && html`
      <section class=${`verdict ${verdict}`} role="status" data-verdict=${verdict}>
        ${verdict === "ok"
          ? html`<h2>It verifies</h2><p>Entry ${count(index)} stands in the log <strong>${log}</strong> of ${count(data.size)} entries, unchanged, and the log's key signed that.</p>`
          : html`<h2>It does not verify</h2><p>${data.steps.find((step) => step.state === "failed")?.why} Keep what you see, and ask who runs the server.</p>`}
      </section>
      <ol class="steps">${data.steps.map((step) => html`<${Step} key=${step.name} step=${step} />`)}</ol>
      <section class="card">
        <h2>Who vouches for this page?</h2>
        <p>The page that says “it verifies” came from the server that holds the log. It cannot vouch for that server: a dishonest one could
          send a page that always says yes. Take the proof with you, and check it with software and a key that you got in another way.</p>
        <p class="toolbar">
          <button class="btn" onClick=${() => download(`${log}-${index}.tlog-proof`, data.proofBytes, "application/octet-stream")}>Download the proof</button>
          <button class="btn" onClick=${async () => download(`${log}-${index}.entry`, data.entryBytes, "application/octet-stream")}>Download the entry's bytes</button>
          <button class="btn quiet" onClick=${() => setTurn(turn + 1)}>Verify again</button>
        </p>
        <${Snippet} label="check the downloads elsewhere" text=${`graven verify ${log}-${index}.tlog-proof --entry ${log}-${index}.entry --key log.vkey`} />
        <${Snippet} label="or take everything from the command line" text=${[
          `graven prove ${index} --log ${log} -o ${log}-${index}.tlog-proof`,
          `graven show ${index} --log ${log} --raw > ${log}-${index}.entry`,
          `graven verify ${log}-${index}.tlog-proof --key log.vkey`,
        ].join("\n")} />
      </section>`}
  </div>`;
}
