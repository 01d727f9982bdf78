/** The overlay of `?`: how to search, the keys that work now, and the switch that turns them off. */

import { html, signal, useEffect, useRef } from "../html.js";
import { shortcuts } from "../preferences.js";
import { mounted, useShortcuts } from "./keys.js";
import { QueryHelp } from "./query_help.js";

export const helpOpen = signal(false);

/** @type {Record<string, string>} */
const NAMES = { ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", " ": "Space", Escape: "Esc" };

/** The overlay, open or not. */
export function Help() {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useShortcuts("Everywhere", [["?", "this overview", () => (helpOpen.value = true)]]);
  useEffect(() => {
    const element = dialog.current;
    if (helpOpen.value && element && !element.open) element.showModal();
    if (!helpOpen.value && element?.open) element.close();
  }, [helpOpen.value]);
  const groups = new Map();
  for (const { group, current } of mounted.value) groups.set(group, [...(groups.get(group) ?? []), ...current()]);
  return html`<dialog ref=${dialog} class="help" aria-labelledby="help-title" onClose=${() => (helpOpen.value = false)}
    onClick=${(/** @type {MouseEvent} */ event) => event.target === dialog.current && (helpOpen.value = false)}>
    <div class="inside">
      <header><h2 id="help-title">Help</h2><button class="btn small" onClick=${() => (helpOpen.value = false)}>Close</button></header>
      ${helpOpen.value && html`<${QueryHelp} close=${() => (dialog.current?.close(), (helpOpen.value = false))} />`}
      <div class="bykeys">
        ${helpOpen.value &&
        [...groups].map(
          ([group, list]) => html`<section>
            <h3>Keys: ${group.toLowerCase()}</h3>
            <dl class="keys">${list.map((/** @type {import("./keys.js").Shortcut} */ [key, what]) => html`<div><dt><kbd>${NAMES[key] ?? key}</kbd></dt><dd>${what}</dd></div>`)}</dl>
          </section>`,
        )}
        <label class="check"><input type="checkbox" checked=${shortcuts.value} onChange=${(/** @type {Event} */ event) => (shortcuts.value = /** @type {HTMLInputElement} */ (event.currentTarget).checked)} />
          <span>Single keys do something (never while you type)</span></label>
      </div>
      <p class="muted">Guides to recording, verifying and runs come with the source, in <code>docs/guide</code>; the HTTP calls are described at <a href="/schema">/schema</a>.</p>
    </div>
  </dialog>`;
}
