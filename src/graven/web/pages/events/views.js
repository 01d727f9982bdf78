/** Saved views: a query with its clock, columns and stack, under a name that everybody of this log sees. */

import { getJson, inLog, send } from "../../api.js";
import { html, useState } from "../../html.js";
import { Problem, useLoad } from "../../shell/parts.js";
import { announce } from "../../state.js";
import { Popover } from "../../parts/popover.js";
import { brief, placeOf, savedOf } from "./saved.js";

/** @import {Place} from "./place.js" @import {View} from "./saved.js" */

/** @param {{log: string, place: Place, onOpen: (changes: Partial<Place>) => void}} props */
export function Views({ log, place, onOpen }) {
  return html`<${Popover} title="Saved views" label="Views" align="right">
    ${(/** @type {() => void} */ close) => html`<${Panel} log=${log} place=${place} onOpen=${(/** @type {View} */ view) => (onOpen(placeOf(view.view)), close())} />`}
  <//>`;
}

/** @param {{log: string, place: Place, onOpen: (view: View) => void}} props */
function Panel({ log, place, onOpen }) {
  const [name, setName] = useState("");
  const [failed, setFailed] = useState(/** @type {unknown} */ (null));
  const { data, error, loading, reload } = useLoad((signal) => getJson(inLog(log, "views"), { signal, quiet: true }), [log]);
  const views = /** @type {View[]} */ (data?.views ?? []);
  const run = async (/** @type {"PUT" | "DELETE"} */ method, /** @type {string} */ which, /** @type {unknown} */ body, /** @type {string} */ done) => {
    setFailed(null);
    try {
      await send(method, inLog(log, "views", which), body);
      announce(done);
      setName("");
      reload();
    } catch (problem) {
      setFailed(problem);
    }
  };
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (name.trim()) void run("PUT", name.trim(), savedOf(place), "View saved");
  };
  const isKnown = views.some((view) => view.name === name.trim());
  return html`<div class="viewspanel">
    ${loading && !data && html`<p class="muted">Loading…</p>`}
    ${data && !views.length && html`<p class="muted">No view is saved in this log yet.</p>`}
    <ul>${views.map(
      (view) => html`<li key=${view.name}>
        <button type="button" class="view" onClick=${() => onOpen(view)}><strong>${view.name}</strong><code>${brief(view.view)}</code></button>
        <button type="button" class="btn quiet small sign" aria-label=${`Delete the view ${view.name}`} title="Delete" onClick=${() => confirm(`Delete the view “${view.name}”?`) && run("DELETE", view.name, undefined, "View deleted")}>×</button>
      </li>`,
    )}</ul>
    <form onSubmit=${save}>
      <label class="field"><span>Save what is shown as</span><input value=${name} maxlength="80" placeholder="name" onInput=${(/** @type {any} */ event) => setName(event.currentTarget.value)} /></label>
      <button class="btn small" type="submit" disabled=${!name.trim()}>${isKnown ? "Replace" : "Save"}</button>
    </form>
    ${(error || failed) && html`<${Problem} error=${failed ?? error} what="The views cannot be changed" />`}
  </div>`;
}
