/** The red bar of the guard, and the amber one for a log that stands where another stood. */

import { html } from "../html.js";
import { acceptMove, guard } from "../proof/guard.js";
import { link } from "../route.js";
import { logName, sessionState } from "../state.js";
import { Hash, download } from "./parts.js";

const TITLES = {
  fork: "This log was forked or rewritten",
  rollback: "This log was cut",
  key: "This log has another key than before",
  signature: "The checkpoint is not signed by the log's key",
};

/** Size and root of a checkpoint, leniently: it is only shown. @param {string} note */
function facts(note) {
  const [, size = "?", root = "?"] = note.split("\n");
  return { size, root };
}

/** @param {string} origin @param {string} which @param {{key: string, note: string}} record */
function save(origin, which, record) {
  const name = origin.replace(/[^a-z0-9.-]+/gi, "_");
  download(`${name}-${facts(record.note).size}-${which}.checkpoint`, record.note);
}

/** The bar, over every page of the log. */
export function Alarm() {
  const state = guard.value;
  if (!state || state.log !== logName.value || sessionState.value !== "in") return null;
  const { alarm } = state;
  if (!alarm) return state.moved ? html`<${Moved} state=${state} />` : null;
  const [known, shown] = [facts(alarm.known.note), facts(alarm.shown.note)];
  return html`<div class="banner alarm" role="alert" data-kind=${alarm.kind}>
    <div>
      <h2>${TITLES[alarm.kind]}</h2>
      <p>${alarm.why[0].toUpperCase() + alarm.why.slice(1)}.</p>
      <p class="pair">
        <span>verified here before: size ${known.size}, root <${Hash} value=${known.root} /> (${alarm.known.at.slice(0, 19)}Z)</span>
        <span>shown by the server: size ${shown.size}, root <${Hash} value=${shown.root} /> (${alarm.at.slice(0, 19)}Z)</span>
      </p>
    </div>
    <div class="actions">
      <button class="btn" onClick=${() => (save(state.origin, "verified", alarm.known), save(state.origin, "shown", alarm.shown))}>Download both</button>
      <a class="btn" href=${link(state.log, "integrity")}>What to do</a>
    </div>
  </div>`;
}

/** @param {{state: import("../proof/guard.js").GuardState}} props */
function Moved({ state }) {
  return html`<div class="banner warn" role="alert">
    <p><strong>Another log stands here than last time.</strong> Under the name ${state.log} this browser knew <code>${state.moved}</code>; now it is
      <code>${state.origin}</code>. That is so when a server was set up anew; nothing that was verified before vouches for this log.</p>
    <button class="btn small" onClick=${acceptMove}>I expected that</button>
  </div>`;
}
