/** Two events side by side: what differs in what they say. */

import { ApiError, getJson, inLog } from "../../api.js";
import { html, useEffect, useRef, useState } from "../../html.js";
import { link } from "../../route.js";
import { Loading, Problem, useLoad } from "../../shell/parts.js";
import { Time } from "../../shell/time.js";
import { SideBySide } from "../../parts/diff.js";

/** Members that differ between any two events. */
const ALWAYS = ["id", "time", "trace"];

/** @param {{log: string, pair: [number, number], onClose: () => void}} props */
export function Compare({ log, pair, onClose }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [all, setAll] = useState(false);
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
  }, []);
  const { data, error, loading, reload } = useLoad((signal) => Promise.all(pair.map((index) => getJson(inLog(log, "events", index, "view"), { signal }))), [log, ...pair]);
  const [left, right] = data ?? [];
  const [before, after] = [left, right].map((view) => (view && !all ? without(view.event) : view?.event));
  return html`<dialog class="comparison" ref=${dialog} aria-labelledby="compare-title" onClose=${onClose}>
    <div class="inside">
      <header><h2 id="compare-title">Two events compared</h2><button class="btn small" onClick=${() => dialog.current?.close()}>Close</button></header>
      ${error && html`<${Problem} error=${error instanceof ApiError ? error : new Error(String(error))} retry=${reload} />`}
      ${loading && html`<${Loading} />`}
      ${data && html`<div class="sides">${[left, right].map(
        (view) => html`<p><a href=${link(log, "event", view.index)}>event ${view.index}</a> <span class="muted"><${Time} at=${String(view.received)} /></span><br /><strong>${view.event.action}</strong> ${view.event.actor?.id ?? ""}</p>`,
      )}</div>
      <label class="check"><input type="checkbox" checked=${all} onChange=${() => setAll(!all)} />also id, time and trace, which always differ</label>
      <${SideBySide} before=${before} after=${after} labels=${[`event ${left.index}`, `event ${right.index}`]} />
      ${[left, right].some((view) => view.large?.length) && html`<p class="muted">Values above 1 MB are left out of the comparison.</p>`}`}
    </div>
  </dialog>`;
}

/** @param {Record<string, unknown>} event */
const without = (event) => Object.fromEntries(Object.entries(event).filter(([name]) => !ALWAYS.includes(name)));
