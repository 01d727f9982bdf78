import { html } from "../../html.js";

export default function Page() {
  return html`<div class="page"><h1>proof</h1></div>`;
}
