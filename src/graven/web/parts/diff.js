/** Changes to look at: two values side by side, the change of a target, a patch in words. */

import { html, style, useMemo, useState } from "../html.js";
import { count } from "../shell/parts.js";
import { diff, folded } from "./json-diff.js";
import { applyPatch, isPatch, said } from "./json-patch.js";

/** @import {Line} from "./json-diff.js" */

await style(import.meta.url, "./json.css");

const MOST_SHOWN = 600;

/** @param {{before: unknown, after: unknown, labels?: [string, string]}} props */
export function SideBySide({ before, after, labels = ["before", "after"] }) {
  const [whole, setWhole] = useState(false);
  const [more, setMore] = useState(MOST_SHOWN);
  const lines = useMemo(() => diff(before, after), [before, after]);
  const shown = useMemo(() => (whole ? lines : folded(lines)), [lines, whole]);
  const changes = lines.filter(({ kind, before: old, after: made }) => kind !== "same" && (old || made)).length;
  if (!changes) return html`<p class="muted">No difference.</p>`;
  return html`<div class="difference">
    <p class="diffhead"><span class="muted">${count(changes)} ${changes === 1 ? "line differs" : "lines differ"}</span>
      <label class="check"><input type="checkbox" checked=${whole} onChange=${() => setWhole(!whole)} />show what is equal, too</label></p>
    <div class="scroll" tabindex="0" role="group" aria-label="Differences"><table class="difftable">
      <thead><tr><th scope="col"><span class="offscreen">name</span></th><th scope="col">${labels[0]}</th><th scope="col">${labels[1]}</th></tr></thead>
      <tbody>${shown.slice(0, more).map((line, at) => html`<${DiffLine} key=${at} line=${line} />`)}</tbody>
    </table></div>
    ${shown.length > more && html`<button class="btn small" onClick=${() => setMore(more + MOST_SHOWN)}>Show ${count(Math.min(MOST_SHOWN, shown.length - more))} more lines of ${count(shown.length)}</button>`}
  </div>`;
}

const SIGNS = { same: "", folded: "", removed: "−", added: "+", changed: "≠" };

/** @param {{line: Line}} props */
function DiffLine({ line }) {
  const { kind, depth, name, before, after, count: hidden } = line;
  if (kind === "folded") return html`<tr class="folded"><td colspan="3">${count(hidden ?? 0)} equal lines</td></tr>`;
  return html`<tr class=${kind}>
    <th scope="row" style=${{ paddingLeft: `${8 + depth * 14}px` }}><span class="diffsign" aria-label=${kind === "same" ? undefined : kind}>${SIGNS[kind]}</span>${name}</th>
    <td>${before && (kind === "removed" || kind === "changed") ? html`<del>${before}</del>` : before}</td>
    <td>${after && (kind === "added" || kind === "changed") ? html`<ins>${after}</ins>` : after}</td>
  </tr>`;
}

/** The `change` of a target: what is there of before, after and patch. @param {{change: Record<string, unknown>}} props */
export function Change({ change }) {
  const { before, after, patch } = change;
  const operations = isPatch(patch) ? patch : null;
  const made = useMemo(() => (after === undefined && before !== undefined && operations ? patched(before, operations) : after), [change]);
  const hasSides = before !== undefined || made !== undefined;
  return html`<div class="change">
    ${hasSides && html`<${SideBySide} before=${before} after=${made} labels=${["before", after === undefined && operations ? "after (patch applied)" : "after"]} />`}
    ${operations && html`<${Patch} patch=${operations} isOpen=${!hasSides} />`}
    ${patch !== undefined && !operations && html`<p class="muted">The patch is not RFC 6902; see the raw entry.</p>`}
  </div>`;
}

/** @param {unknown} before @param {import("./json-patch.js").Operation[]} patch */
function patched(before, patch) {
  try {
    return applyPatch(before, patch);
  } catch {
    return undefined; // a patch that does not fit is shown as it is
  }
}

/** @param {{patch: import("./json-patch.js").Operation[], isOpen: boolean}} props */
function Patch({ patch, isOpen }) {
  return html`<details class="patch" open=${isOpen}><summary>The patch: ${count(patch.length)} ${patch.length === 1 ? "step" : "steps"}</summary>
    <ol>${patch.slice(0, 500).map((operation, at) => {
      const { verb, what, link, value } = said(operation);
      return html`<li key=${at}>${verb} <code>${what}</code> ${link} ${value && html`<code>${value.length > 400 ? `${value.slice(0, 400)}…` : value}</code>`}</li>`;
    })}</ol></details>`;
}
