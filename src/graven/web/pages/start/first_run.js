import { html } from "../../html.js";

export function FirstRun() {
  return html`<p class="muted">Waiting for the first event…</p>`;
}
