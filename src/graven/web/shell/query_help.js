/** What can be asked, by examples: each fills the query of the page Events, to be changed and then asked. */

import { html, signal } from "../html.js";
import { link, navigate, route } from "../route.js";
import { logName } from "../state.js";

/** A query that the bar of the page Events takes over. */
export const offered = signal("");

/** @type {[query: string, finds: string][]} */
const EXAMPLES = [
  ["card declined", "both words, anywhere"],
  ['"card declined"', "these words, one after the other"],
  ["actor:alice", "a field with that value"],
  ["-outcome:success", "all but these"],
  ["outcome:failure OR outcome:denied", "one or the other"],
  ["action:order.*", "whatever begins like this"],
  ["since:2h", "of the last two hours"],
  ["input.lines[].sku:SKU-1", "inside of what was recorded"],
];

/** @param {{close: () => void}} props */
export function QueryHelp({ close }) {
  if (!logName.value) return null;
  const take = (/** @type {string} */ query) => {
    close();
    offered.value = query;
    if (route.value.page !== "events") navigate(link(logName.value, "events"));
  };
  return html`<section>
    <h3>Searching</h3>
    <ul class="examples">${EXAMPLES.map(([query, finds]) => html`<li key=${query}><button type="button" onClick=${() => take(query)}><code>${query}</code><span class="muted">${finds}</span></button></li>`)}</ul>
    <p class="muted">An example goes into the query, to be changed. Fields and their values are completed as you type.</p>
  </section>`;
}
