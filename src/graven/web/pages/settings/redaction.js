/** The redaction rules that hold, and where their changes stand. */

import { getJson } from "../../api.js";
import { html } from "../../html.js";
import { link } from "../../route.js";
import { Loading, Problem, count, useLoad } from "../../shell/parts.js";

/** @param {{values?: string[]}} props */
const Codes = ({ values = [] }) => html`${values.map((value, at) => html`${at > 0 && " "}<code class="break">${value}</code>`)}`;

/** The section. */
export function Redaction() {
  const { data, error, loading, reload } = useLoad((signal) => getJson("/v1/redaction", { signal }), []);
  return html`<section class="card">
    <header><h2>Redaction</h2><a href=${link("system", "events", [], { q: "action:redaction.change" })}>changes, as recorded</a></header>
    <p class="muted prose">Values that these rules find never reach the log: they are replaced before an entry is made, by a keyed hash that keeps equality provable. Rules are settings of the server (<code>[redaction]</code> in its file).</p>
    ${error ? html`<${Problem} error=${error} retry=${reload} />` : null}
    ${!data && loading && html`<${Loading} />`}
    ${data && html`<details open=${data.rules.length <= 12}><summary>${count(data.rules.length)} rules</summary>
      <div class="scroll"><table class="table stacked"><thead><tr><th scope="col">rule</th><th scope="col">paths</th><th scope="col">patterns and detectors</th></tr></thead>
        <tbody>${data.rules.map((/** @type {any} */ rule) => html`<tr><td class="nowrap"><strong>${rule.name}</strong></td><td><${Codes} values=${rule.paths} /></td><td><${Codes} values=${[...(rule.detectors ?? []), ...(rule.patterns ?? [])]} /></td></tr>`)}</tbody>
      </table></div></details>`}
  </section>`;
}
