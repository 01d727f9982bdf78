/** A JSON value: short ones on one line, long ones folded, texts as texts. */

import { html, useState } from "../../html.js";
import { count } from "../../shell/parts.js";

const SHORT = 120;
const FOLDED_LINES = 12;

/** @param {unknown} value */
function compact(value) {
  const text = JSON.stringify(value);
  return text === undefined ? "undefined" : text;
}

/** @param {{value: unknown}} props */
export function Value({ value }) {
  const [open, setOpen] = useState(false);
  if (typeof value === "string" && value.includes("\n")) return html`<${Long} text=${value} open=${open} toggle=${() => setOpen(!open)} />`;
  const short = compact(value);
  if (short.length <= SHORT || typeof value !== "object") {
    const cut = !open && short.length > 2000;
    return html`<code class="value">${cut ? short.slice(0, 2000) : short}</code>${cut && html` <button class="btn small" onClick=${() => setOpen(true)}>all ${count(short.length)} characters</button>`}`;
  }
  return html`<${Long} text=${JSON.stringify(value, null, 2)} open=${open} toggle=${() => setOpen(!open)} />`;
}

/** @param {{text: string, open: boolean, toggle: () => void}} props */
function Long({ text, open, toggle }) {
  const lines = text.split("\n");
  const folded = !open && lines.length > FOLDED_LINES;
  return html`<pre class="value" tabindex="0" aria-label="value">${folded ? lines.slice(0, FOLDED_LINES).join("\n") : text}</pre>
    ${lines.length > FOLDED_LINES && html`<button class="btn small" aria-expanded=${open} onClick=${toggle}>${open ? "fold" : `all ${count(lines.length)} lines`}</button>`}`;
}
