/**
 * The guard: on every visit of every page the newest checkpoint is verified and compared with the last one that this
 * browser verified. A fork, a rollback or another key is an alarm, which stays until a person has the evidence and
 * makes the browser forget.
 *
 * What is known is read before the checkpoint is fetched, and that is never taken from a cache: another tab that
 * verified a newer one meanwhile must not make ours look like a rollback.
 */

import { ApiError, getBytes, getText } from "../api.js";
import { signal } from "../html.js";
import { compareCheckpoints } from "./compare.js";
import { Tampered } from "./encoding.js";
import { forget, keepAlarm, placeOf, remember, remembered, seenAlarm, setPlace, sinceOf } from "./memory.js";

/**
 * @typedef {object} GuardState
 * @property {string} log
 * @property {string} origin
 * @property {"checking" | "ok" | "unchecked" | "alarm"} status
 * @property {string} why
 * @property {number | null} size
 * @property {import("./memory.js").SeenAlarm | null} alarm
 * @property {string | null} moved  the other origin that stood under this name last time
 * @property {import("./note.js").OpenedCheckpoint | null} opened
 * @property {boolean} first  nothing was known before: trusted on first use
 * @property {string | null} since  when this browser met the log
 * @property {boolean} kept  whether this browser could keep the checkpoint
 */

/** @type {import("../vendor/signals-core.js").Signal<GuardState | null>} */
export const guard = signal(null);

let turn = 0;

/**
 * Checks a log now.
 * @param {{name: string, origin: string, key: string}} log
 */
export async function watch(log) {
  const mine = ++turn;
  const before = guard.peek();
  const same = before?.origin === log.origin ? before : null;
  const place = placeOf(log.name);
  /** @type {GuardState} */
  const base = {
    log: log.name,
    origin: log.origin,
    status: "checking",
    why: "",
    size: same?.size ?? null,
    alarm: seenAlarm(log.origin),
    moved: place !== null && place !== log.origin ? place : null,
    opened: same?.opened ?? null,
    first: same?.first ?? false,
    since: same?.since ?? null,
    kept: true,
  };
  // a mark that is right already does not flicker at every step
  if (!same || base.alarm) guard.value = { ...base, status: base.alarm ? "alarm" : "checking", why: base.alarm?.why ?? "" };
  const state = await check(log, base);
  if (mine === turn) guard.value = state;
}

/** @param {{name: string, origin: string, key: string}} log @param {GuardState} base @returns {Promise<GuardState>} */
async function check(log, base) {
  try {
    const known = remembered(log.origin);
    const note = await getText(`/logs/${encodeURIComponent(log.name)}/checkpoint`, { quiet: true, query: { at: Date.now() } });
    const shown = { key: log.key, note };
    const verdict = await compareCheckpoints(known, shown, (path) => getBytes(`/logs/${encodeURIComponent(log.name)}/${path}`, { quiet: true }));
    if (verdict.status === "alarm") {
      const at = new Date().toISOString();
      const alarm = { kind: verdict.kind, why: verdict.why, at, shown, known: known ?? { ...shown, at } };
      keepAlarm(log.origin, alarm);
      return { ...base, status: "alarm", why: verdict.why, alarm: base.alarm ?? alarm };
    }
    const { checkpoint } = verdict.opened;
    if (checkpoint.origin !== log.origin) throw new Tampered(`the checkpoint is of ${checkpoint.origin}, the log is ${log.origin}`);
    const at = new Date().toISOString();
    const kept = remember(log.origin, { ...shown, at });
    if (!base.moved) setPlace(log.name, log.origin);
    const found = { ...base, size: checkpoint.size, opened: verdict.opened, first: verdict.first || base.first, since: known ? sinceOf(known) : (base.since ?? at), kept };
    return base.alarm ? { ...found, status: "alarm", why: base.alarm.why } : { ...found, status: "ok" };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = error instanceof ApiError && error.status === 403 ? "this session may not read checkpoints" : why;
    return { ...base, status: base.alarm ? "alarm" : "unchecked", why: base.alarm?.why ?? text };
  }
}

/** A person says that another log may stand here: its origin is remembered from now on. */
export function acceptMove() {
  const state = guard.peek();
  if (!state) return;
  setPlace(state.log, state.origin);
  guard.value = { ...state, moved: null };
}

/** A person has the evidence: what is shown next is trusted on first use. @param {{name: string, origin: string, key: string}} log */
export function startAnew(log) {
  forget(log.name, log.origin);
  guard.value = null;
  return watch(log);
}
