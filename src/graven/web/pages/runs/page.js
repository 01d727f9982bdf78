/** The test runs of a log, newest first: `/ui/<log>/runs?before=<index>`. */

import { getJson, inLog } from "../../api.js";
import { html } from "../../html.js";
import { link, navigate } from "../../route.js";
import { useShortcuts } from "../../shell/keys.js";
import { Empty, Loading, Problem, Snippet, useLoad } from "../../shell/parts.js";
import { Time, duration } from "../../shell/time.js";
import { Counts, Verdict, fromNs } from "./verdicts.js";

export const title = () => "Runs";

const PAGE = 50;

/** @param {{run: any, log: string}} props */
function Row({ run, log }) {
  const where = [run.branch, run.commit?.slice(0, 10)].filter(Boolean).join(" · ");
  return html`<tr>
    <td><${Verdict} run=${run} /></td>
    <td class="break"><a href=${link(log, "run", run.run)}><strong>${run.run}</strong></a>
      ${where && html`<br /><span class="muted mono">${where}</span>`}</td>
    <td><${Counts} counts=${run.counts} exact=${run.exact} /></td>
    <td class="num right nowrap">${duration(run.duration_ns) || "–"}</td>
    <td class="nowrap"><${Time} at=${fromNs(run.started_ns ?? run.first_received_ns)} ms=${false} /></td>
    <td class="muted break">${run.environments.join(", ")}</td>
  </tr>`;
}

/** The page. @param {{route: import("../../route.js").Route}} props */
export default function Runs({ route }) {
  const { log, query } = route;
  const before = query.get("before");
  const { data, error, loading, reload } = useLoad((signal) => getJson(inLog(log, "runs"), { query: { limit: PAGE, before }, signal }), [log, before]);
  useShortcuts("Runs", [
    ["r", "read again", reload],
    ["Enter", "open the newest run", () => data?.runs[0] && navigate(link(log, "run", data.runs[0].run))],
  ]);
  return html`<div class="page">
    <div class="pagehead">
      <div><h1>Runs</h1><p>What test suites recorded here: shards and reruns of one run are joined.</p></div>
      <div class="toolbar"><button class="btn" onClick=${reload} disabled=${loading}>Read again</button></div>
    </div>
    ${error ? html`<${Problem} error=${error} retry=${reload} />` : null}
    ${!data && loading && html`<${Loading} what="Reading the runs" />`}
    ${data && !data.runs.length && html`<${Empty} title=${before ? "No older runs" : "No run was recorded here yet"}>
        <p class="muted">A run is what one test session records. With pytest:</p>
        <${Snippet} text=${`export GRAVEN_SERVER=${location.origin}\nexport GRAVEN_TOKEN=grv_…\npytest --graven`} />
        <p><a href=${link(log, "start")}>Other ways to record</a> · reports of other tools come in with <code>graven import report.xml</code></p>
      <//>`}
    ${data?.runs.length > 0 && html`
      <div class="card"><div class="scroll"><table class="table stacked">
        <thead><tr><th scope="col">verdict</th><th scope="col">run</th><th scope="col">tests</th><th scope="col" class="right">took</th><th scope="col">started</th><th scope="col">environment</th></tr></thead>
        <tbody>${data.runs.map((/** @type {any} */ run) => html`<${Row} key=${run.run} run=${run} log=${log} />`)}</tbody>
      </table></div></div>
      <p class="toolbar">
        ${before && html`<a class="btn" href=${link(log, "runs")}>Newest</a>`}
        ${data.next !== null && html`<a class="btn" href=${link(log, "runs", [], { before: data.next })}>Older runs</a>`}
      </p>`}
  </div>`;
}
