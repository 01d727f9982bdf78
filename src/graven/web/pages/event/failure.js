/** An error with its frames, innermost first as they were recorded, each with its locals. */

import { html, useMemo, useState } from "../../html.js";
import { JsonTree } from "../../parts/json-tree.js";
import { sourceAt } from "./loading.js";

/** @import {Frame, Loaded} from "./loading.js" */

const OPEN_AT_FIRST = 1;
const LONG = 1200;

/** @param {{loaded: Loaded}} props */
export function Failure({ loaded }) {
  const error = loaded.view.event.error ?? {};
  const [whole, setWhole] = useState(false);
  const message = error.message ?? "";
  const frames = Array.isArray(error.stack) ? error.stack : [];
  return html`<section class="card failure" aria-labelledby="h-error">
    <h2 id="h-error">${error.type ?? "Error"}</h2>
    ${message && html`<pre class="errortext" tabindex="0">${whole ? message : message.slice(0, LONG)}${!whole && message.length > LONG && html`… <button class="btn small" onClick=${() => setWhole(true)}>all of it</button>`}</pre>`}
    ${frames.length > 0 && html`<ol class="frames">${frames.slice(0, 200).map((frame, at) => html`<${StackFrame} key=${at} frame=${frame} at=${at} loaded=${loaded} />`)}</ol>`}
  </section>`;
}

/** @param {{frame: Frame, at: number, loaded: Loaded}} props */
function StackFrame({ frame, at, loaded }) {
  const hasLocals = frame.locals !== undefined && frame.locals !== null && Object.keys(frame.locals).length > 0;
  const [open, setOpen] = useState(hasLocals && at < OPEN_AT_FIRST);
  const source = useMemo(() => (open && hasLocals ? sourceAt(loaded, ["error", "stack", at, "locals"]) : null), [open, loaded]);
  const place = html`<code class="file">${frame.file ?? "?"}${frame.line === undefined ? "" : `:${frame.line}`}</code> <span class="muted">in</span> <code>${frame.function ?? "?"}</code>`;
  return html`<li>
    ${hasLocals
      ? html`<button type="button" class="frame" aria-expanded=${open} onClick=${() => setOpen(!open)}><span class="tri" aria-hidden="true">${open ? "▾" : "▸"}</span>${place}</button>`
      : html`<span class="frame"><span class="tri"></span>${place}</span>`}
    ${frame.code && html`<pre class="framecode">${frame.code}</pre>`}
    ${source && html`<${JsonTree} source=${source} root="locals" label=${`locals of ${frame.function ?? "frame"}`} />`}
  </li>`;
}
