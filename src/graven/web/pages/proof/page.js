/** One entry, proven: `/ui/<log>/proof/<index>`. The browser computes everything itself and shows each step. */

import { html, style, useState } from "../../html.js";
import { getJson, inLog } from "../../api.js";
import { sentenceOf } from "../../parts/sentence.js";
import { Telling } from "../../parts/telling.js";
import { link, navigate } from "../../route.js";
import { Badge, Loading, Problem, Snippet, count, download, plural, useLoad } from "../../shell/parts.js";
import { Time, now, relative } from "../../shell/time.js";
import { logInfo } from "../../state.js";
import { asRow, viewOf } from "../event/loading.js";
import { proveEntry } from "./prove.js";

await style(import.meta.url, "./page.css");

/** @param {import("../../route.js").Route} route */
export const title = (route) => `Proof of entry ${route.rest[0] ?? ""}`;

/** @param {{step: import("./prove.js").ProofStep}} props */
function Step({ step }) {
  const [tone, word] = /** @type {const} */ ({ ok: ["ok", "ok"], failed: ["fail", "failed"], skipped: ["quiet", "skipped"], new: ["info", "first seen"] })[step.state];
  const since = step.values.find(([name]) => name === "known since")?.[1];
  return html`<li class="step" data-state=${step.state} data-step=${step.name}>
    <div class="stephead"><${Badge} tone=${tone}>${word}<//><h3>${step.title}${typeof since === "object" && html` since <${Time} at=${since.at} ms=${false} />`}</h3></div>
    <p class="muted">${step.what}</p>
    ${step.why && html`<p class="why" role="alert">${step.why}</p>`}
    ${step.values.length > 0 && html`<dl class="kv mono">${step.values.map(([name, value]) => html`<dt>${name}</dt><dd>${typeof value === "string" ? value : html`<${Moment} at=${value.at} />`}</dd>`)}</dl>`}
    ${step.path.length > 0 && html`<${Path} path=${step.path} />`}
  </li>`;
}

/** A time and how long ago that is. @param {{at: string}} props */
const Moment = ({ at }) => html`<${Time} at=${at} /> <span class="muted">(${relative(at, Math.max(now.value, Date.parse(at)))})</span>`;

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
    <span class="pair"><${Beside} log=${log} index=${index > 0 ? index - 1 : null} label="↑ Previous" /><${Beside} log=${log} index=${index < last ? index + 1 : null} label="↓ Next" /></span>
  </form>`;
}

/** A step to the entry beside; its place stays where there is none. @param {{log: string, index: number | null, label: string}} props */
const Beside = ({ log, index, label }) => (index === null ? html`<button type="button" class="btn" disabled>${label}</button>` : html`<a class="btn" href=${link(log, "proof", index)}>${label}</a>`);

/**
 * What the entry is: told from the very bytes that were verified, and of other formats as the server's index maps them.
 * @param {{log: string, index: number, bytes: Uint8Array}} props
 */
function What({ log, index, bytes }) {
  const { data } = useLoad(async (signal) => {
    const own = viewOf(bytes, index);
    if (own.mapped) return { ...own, format: "" };
    const view = await getJson(inLog(log, "events", index, "view"), { signal, quiet: true }).catch(() => null);
    return { view, mapped: false, format: own.view.format };
  }, [log, index, bytes]);
  const told = data?.view ? html`<${Telling} spans=${sentenceOf(asRow(data.view))} />` : `of format ${data?.format ?? ""}`;
  return html`<p class="what"><a href=${link(log, "event", index)}>Event <span class="num">${count(index)}</span></a> <span class="told break">${data && told}</span>
    ${data?.view && !data.mapped && html` <span class="muted">(as the server's index reads its format)</span>`}</p>`;
}

/** @param {MouseEvent} event */
function toVouching(event) {
  event.preventDefault();
  const heading = document.getElementById("vouching");
  heading?.scrollIntoView({ block: "start" });
  heading?.focus({ preventScroll: true });
}

/** The page. @param {{route: import("../../route.js").Route}} props */
export default function Proof({ route }) {
  const info = logInfo.value;
  const log = route.log;
  const index = /^\d{1,15}$/.test(route.rest[0] ?? "") ? Number(route.rest[0]) : Math.max(0, (info?.published_size ?? 1) - 1);
  const [turn, setTurn] = useState(0);
  const { data, error, loading, reload } = useLoad(async () => (info ? proveEntry(info, index) : null), [log, index, turn]);
  const verdict = data?.verdict;
  const check = `graven verify ${log}-${index}.tlog-proof --entry ${log}-${index}.entry --key log.vkey`;
  return html`<div class="page proof">
    <div class="pagehead">
      <div><h1>Is entry <span class="num">${count(index)}</span> genuine?</h1>
        <p>Your browser asks for bytes, proof and checkpoint, and computes the rest itself.</p></div>
      <${Jump} index=${index} last=${(info?.size ?? 1) - 1} />
    </div>
    ${error ? html`<${Problem} error=${error} retry=${reload} what="The proof cannot be had" />` : null}
    ${!data && loading && html`<${Loading} what="Computing" />`}
    ${data && html`
      <${What} log=${log} index=${index} bytes=${data.entryBytes} />
      <section class=${`verdict ${verdict}`} role="status" data-verdict=${verdict}>
        ${verdict === "ok"
          ? html`<h2>It verifies</h2><p>Entry ${count(index)} stands in the log <strong>${log}</strong> of ${count(data.size)} entries, unchanged, and the log's key signed that.</p>
            <p>This shows that the entry has not changed since it was recorded: not that what it says is true, nor that this server is honest.${" "}
              <a href="#vouching" onClick=${toVouching}>Who vouches for this page?</a></p>`
          : html`<h2>It does not verify</h2><p>${data.steps.find((step) => step.state === "failed")?.why} Keep what you see, and ask who runs the server.</p>`}
      </section>
      <ol class="steps">${data.steps.map((step) => html`<${Step} key=${step.name} step=${step} />`)}</ol>
      <section class="card">
        <h2 id="vouching" tabindex="-1">Who vouches for this page?</h2>
        <p>The page that says “it verifies” came from the server that holds the log. It cannot vouch for that server: a dishonest one could
          send a page that always says yes. Take the proof with you, and check it with software and a key that you got in another way.</p>
        <p class="toolbar">
          <button class="btn" onClick=${() => download(`${log}-${index}.tlog-proof`, data.proofBytes, "application/octet-stream")}>Download the proof</button>
          <button class="btn" onClick=${async () => download(`${log}-${index}.entry`, data.entryBytes, "application/octet-stream")}>Download the entry's bytes</button>
          <button class="btn" disabled=${loading} onClick=${() => setTurn(turn + 1)}>Verify again</button>
        </p>
        <p><code>log.vkey</code> is the log's public key. Have it from somebody who runs the log, over another channel than this server: by mail, on paper, from a
          repository. The one on <a href=${link(log, "integrity")}>the page Integrity</a> comes from this server, and is only as good as this server.</p>
        <${Snippet} label="check the downloads elsewhere" text=${check} />
        <${Snippet} label="or take everything from the command line" text=${[
          `graven prove ${index} --log ${log} -o ${log}-${index}.tlog-proof`,
          `graven show ${index} --log ${log} --raw > ${log}-${index}.entry`,
          check,
        ].join("\n")} />
      </section>`}
  </div>`;
}
