/** `/ui/<log>/settings`: how this browser shows things, tokens, redaction rules, saved views. */

import { html, style } from "../../html.js";
import { shortcuts, theme, times, zone } from "../../preferences.js";
import { Redaction } from "./redaction.js";
import { Tokens } from "./tokens.js";
import { Views } from "./views.js";

await style(import.meta.url, "./page.css");

export const title = () => "Settings";

/** @param {{name: string, legend: string, chosen: import("../../vendor/signals-core.js").Signal<any>, values: Array<[string, string]>}} props */
function Choice({ name, legend, chosen, values }) {
  return html`<fieldset><legend>${legend}</legend><div class="toolbar">
    ${values.map(([value, label]) => html`<label class="check"><input type="radio" name=${name} value=${value} checked=${chosen.value === value} onChange=${() => (chosen.value = value)} />${label}</label>`)}
  </div></fieldset>`;
}

function Preferences() {
  return html`<section class="card">
    <header><h2>This browser</h2><span class="muted">kept here, known to nobody else</span></header>
    <div class="choices">
      <${Choice} name="theme" legend="Theme" chosen=${theme} values=${[["auto", "as the system"], ["light", "light"], ["dark", "dark"]]} />
      <${Choice} name="zone" legend="Time zone" chosen=${zone} values=${[["local", `local (${Intl.DateTimeFormat().resolvedOptions().timeZone})`], ["utc", "UTC"]]} />
      <${Choice} name="times" legend="Times" chosen=${times} values=${[["absolute", "absolute"], ["relative", "relative (3 min ago)"]]} />
      <fieldset><legend>Keyboard</legend><label class="check"><input type="checkbox" checked=${shortcuts.value} onChange=${(/** @type {Event} */ event) => (shortcuts.value = /** @type {HTMLInputElement} */ (event.currentTarget).checked)} />
        <span>single keys do something (<kbd>?</kbd> lists them)</span></label></fieldset>
    </div>
  </section>`;
}

/** The page. @param {{route: import("../../route.js").Route}} props */
export default function Settings({ route }) {
  return html`<div class="page settings">
    <div class="pagehead"><div><h1>Settings</h1><p>What changes here on the server is recorded in <code>system</code> before it holds.</p></div></div>
    <${Preferences} />
    <${Views} log=${route.log} />
    <${Tokens} />
    <${Redaction} />
  </div>`;
}
