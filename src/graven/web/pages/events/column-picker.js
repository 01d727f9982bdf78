/** Which columns the list has, besides the time and the sentence. */

import { html, useState } from "../../html.js";
import { column, COLUMNS } from "./columns.js";
import { Popover } from "../../parts/popover.js";

/** @param {{columns: string[], onChange: (columns: string[]) => void}} props */
export function ColumnPicker({ columns, onChange }) {
  const [label, setLabel] = useState("");
  const all = [...new Set([...Object.keys(COLUMNS), ...columns])];
  const toggle = (/** @type {string} */ name) => onChange(columns.includes(name) ? columns.filter((other) => other !== name) : [...columns, name]);
  const add = (/** @type {Event} */ event) => {
    event.preventDefault();
    const name = `labels.${label.trim().replace(/^labels\./, "")}`;
    if (label.trim() && !columns.includes(name)) onChange([...columns, name]);
    setLabel("");
  };
  return html`<${Popover} title="Columns" label="Columns" align="right">
    ${() => html`<div class="columnspanel">
      <div class="columnlist">${all.map((name) => html`<label key=${name} class="check"><input type="checkbox" checked=${columns.includes(name)} onChange=${() => toggle(name)} />${name.startsWith("labels.") ? name : column(name).title}</label>`)}</div>
      <form onSubmit=${add}><label class="field"><span>A label</span><input value=${label} placeholder="region" onInput=${(/** @type {any} */ event) => setLabel(event.currentTarget.value)} /></label><button class="btn small" type="submit">Add</button></form>
    </div>`}
  <//>`;
}
