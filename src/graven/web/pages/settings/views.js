/** Saved views of a log: open or remove them. They are made on the page Events. */

import { getJson, inLog, send } from "../../api.js";
import { html, useState } from "../../html.js";
import { link } from "../../route.js";
import { Loading, Problem, useLoad } from "../../shell/parts.js";
import { written } from "../events/place.js";
import { brief, placeOf } from "../events/saved.js";

/** @import {View} from "../events/saved.js" */

/** The section. @param {{log: string}} props */
export function Views({ log }) {
  const { data, error, loading, reload } = useLoad((signal) => getJson(inLog(log, "views"), { signal }), [log]);
  const [failed, setFailed] = useState(/** @type {unknown} */ (null));
  const views = /** @type {View[]} */ (data?.views ?? []);
  /** @param {string} name */
  const remove = async (name) => {
    setFailed(null);
    await send("DELETE", inLog(log, "views", name)).catch(setFailed);
    reload();
  };
  return html`<section class="card">
    <header><h2>Saved views of ${log}</h2></header>
    ${error ? html`<${Problem} error=${error} retry=${reload} />` : null}
    ${failed ? html`<${Problem} error=${failed} what="The view is still there" />` : null}
    ${!data && loading && html`<${Loading} />`}
    ${data && !views.length && html`<p class="muted">None yet. The page <a href=${link(log, "events")}>Events</a> saves a query with its columns under a name.</p>`}
    ${views.length > 0 && html`<div class="scroll"><table class="table stacked"><thead><tr><th scope="col">view</th><th scope="col">query</th><th scope="col"><span class="offscreen">remove</span></th></tr></thead>
      <tbody>${views.map((view) => html`<tr key=${view.name}><td><a href=${link(log, "events", [], written(placeOf(view.view)))}>${view.name}</a></td>
        <td class="mono break">${brief(view.view)}</td><td class="right"><button class="btn small" aria-label=${`Remove the view ${view.name}`} onClick=${() => remove(view.name)}>Remove</button></td></tr>`)}</tbody></table></div>`}
  </section>`;
}
