/** In the bar: whether the checkpoint of this log was checked in this browser, and what came out. */

import { html } from "../html.js";
import { guard } from "../proof/guard.js";
import { link } from "../route.js";
import { logName } from "../state.js";
import { count } from "./parts.js";
import { absolute } from "./time.js";

const WORDS = {
  checking: ["quiet", "checking", "The newest checkpoint is being checked against the last one this browser verified"],
  ok: ["ok", "consistent", "The newest checkpoint is signed by the key that this browser knows, and extends the last one that it verified"],
  first: ["info", "first seen", "This browser met the log only now: there is nothing yet that its newest checkpoint could be compared with. It is signed by the log's key, and whatever is shown later must extend it"],
  unchecked: ["warn", "not checked", "The newest checkpoint could not be checked"],
  alarm: ["fail", "alarm", "The log contradicts what this browser verified before"],
};

/** A pill that leads to the page Integrity. */
export function GuardMark() {
  const state = guard.value;
  if (!state || state.log !== logName.value) return null;
  const [tone, word, what] = WORDS[state.status === "ok" && state.first ? "first" : state.status];
  const since = state.status === "ok" && state.since ? `. Known here since ${absolute(state.since, { ms: false, named: true })}` : "";
  const why = what + since;
  return html`<a class="badge ${tone} guardmark" href=${link(state.log, "integrity")} title=${state.why ? `${why}: ${state.why}` : why}
    data-status=${state.status}>${word}${state.status === "ok" && state.size !== null && html`<span class="num"> · ${count(state.size)}</span>`}</a>`;
}
