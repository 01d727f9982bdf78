/** In the bar: whether the checkpoint of this log was checked in this browser, and what came out. */

import { html } from "../html.js";
import { guard } from "../proof/guard.js";
import { link } from "../route.js";
import { logName } from "../state.js";
import { count } from "./parts.js";

const WORDS = {
  checking: ["quiet", "checking", "The newest checkpoint is being checked against the last one this browser verified"],
  ok: ["ok", "consistent", "This browser verified the newest checkpoint: it is signed by the known key and extends the last one it saw"],
  unchecked: ["warn", "not checked", "The newest checkpoint could not be checked"],
  alarm: ["fail", "alarm", "The log contradicts what this browser verified before"],
};

/** A pill that leads to the page Integrity. */
export function GuardMark() {
  const state = guard.value;
  if (!state || state.log !== logName.value) return null;
  const [tone, word, why] = WORDS[state.status];
  return html`<a class="badge ${tone} guardmark" href=${link(state.log, "integrity")} title=${state.why ? `${why}: ${state.why}` : why}
    data-status=${state.status}>${word}${state.status === "ok" && state.size !== null && html`<span class="num"> · ${count(state.size)}</span>`}</a>`;
}
