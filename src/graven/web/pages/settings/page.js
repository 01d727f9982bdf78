import { html } from "../../html.js";

export default function Page() {
  return html`<div class="page"><h1>settings</h1></div>`;
}
