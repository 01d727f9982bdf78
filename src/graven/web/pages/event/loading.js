/** An event as the event page needs it: parsed for a glance, and as bytes for the trees. */

import { ApiError, getBytes, getJson, inLog } from "../../api.js";
import { brief } from "../../parts/assertion.js";
import { locate, nodeAt } from "../../parts/json-bytes.js";
import { BytesSource } from "../../parts/json-source.js";
import { term } from "../../parts/query-text.js";
import { link } from "../../route.js";

/** @import {Row} from "../../parts/row.js" */
/** @typedef {(string | number)[]} Path */
/** @typedef {{file?: string, line?: number, function?: string, locals?: Record<string, unknown>, code?: string}} Frame */
/**
 * @typedef {object} EventData  event/1
 * @property {string} [id] @property {string} [time] @property {string} [source]
 * @property {string} [action] @property {string} [outcome]
 * @property {{id: string, type?: string, name?: string, email?: string, roles?: string[], session?: string, auth?: unknown}} [actor]
 * @property {{id: string, type?: string, name?: string}[]} [on_behalf_of]
 * @property {{id?: string, type?: string, name?: string, attributes?: unknown, change?: Record<string, unknown>}[]} [targets]
 * @property {{ip?: string, user_agent?: string, host?: string, process?: unknown}} [origin]
 * @property {{protocol?: string, operation?: string, uri?: string, statement?: string}} [method]
 * @property {unknown} [input] @property {unknown} [output] @property {unknown} [attributes]
 * @property {{type?: string, message?: string, stack?: Frame[]}} [error]
 * @property {number} [duration_ns] @property {number} [severity] @property {string} [message] @property {string} [reason] @property {string} [ticket]
 * @property {Record<string, unknown>} [qa]
 * @property {{trace_id?: string, span_id?: string, parent_span_id?: string}} [trace]
 * @property {string} [correlation_id] @property {string} [causation_id] @property {string} [session_id]
 * @property {Record<string, string>} [labels]
 * @property {{name?: string, media_type?: string, digest?: string, size?: number}[]} [attachments]
 */
/**
 * @typedef {object} View
 * @property {number} index
 * @property {string | number} received
 * @property {string} id @property {string} source @property {string} format
 * @property {{token?: string, ip?: string}} [by]
 * @property {string} [token] @property {string} [by_ip]
 * @property {number} [redacted]
 * @property {EventData} event
 * @property {{path: string, size: number}[]} large  values that were left out
 */
/** @typedef {{view: View, bytes: Uint8Array, base: Path, mapped: boolean}} Loaded  `base` is where the event stands in the bytes */

/**
 * @param {string} log @param {number} index @param {AbortSignal} signal
 * @returns {Promise<Loaded>}
 */
export async function loadEvent(log, index, signal) {
  try {
    const bytes = await getBytes(inLog(log, "events", index, "view"), { signal });
    const view = JSON.parse(new TextDecoder().decode(bytes));
    return { view: { ...view, large: view.large ?? [] }, bytes, base: ["event"], mapped: true };
  } catch (error) {
    if (!(error instanceof ApiError) || !["index_away", "index_off"].includes(error.code)) throw error;
    return loadEntry(log, index, signal);
  }
}

/** Without the index: the entry itself, which is an event when its format is event/1. @param {string} log @param {number} index @param {AbortSignal} signal */
async function loadEntry(log, index, signal) {
  const bytes = await getBytes(inLog(log, "events", index), { signal });
  return { ...viewOf(bytes, index), bytes, base: ["data"] };
}

/** What an entry says by itself; other formats than event/1 are mapped by the index only. @param {Uint8Array} bytes @param {number} index @returns {{view: View, mapped: boolean}} */
export function viewOf(bytes, index) {
  const { data, ...entry } = JSON.parse(new TextDecoder().decode(bytes));
  const mapped = entry.format === "event/1" && data !== null && typeof data === "object";
  return { view: { ...entry, index, event: mapped ? data : {}, large: [] }, mapped };
}

/** @param {View} view @returns {Row} what a sentence needs of it; of a failed comparison first what differs */
export function asRow({ event, ...view }) {
  const { method, on_behalf_of: behalf, trace, session_id: session, ...told } = event;
  const whole = event.error?.message;
  const line = typeof whole === "string" ? brief(whole) : undefined;
  const error = event.error && { ...event.error, message: line };
  const message = event.message === whole ? line : event.message;
  return /** @type {Row} */ (/** @type {unknown} */ ({ ...told, ...view, error, message, time: event.time, action: event.action ?? "", actor: event.actor, method, behalf, trace_id: trace?.trace_id, session }));
}

/** The address of the story of the test that an event belongs to, if it does. @param {string} log @param {EventData["qa"]} qa @returns {string | null} */
export function storyOf(log, qa) {
  const { run, test, environment } = qa ?? {};
  if (typeof run !== "string" || !run || typeof test !== "string" || !test) return null;
  return link(log, "run", run, { test, environment: typeof environment === "string" ? environment : null });
}

/**
 * The index of an event's id. The search is asked rather than the entry: it tells of several, and carries no contents.
 * @param {string} log @param {string} id @param {AbortSignal} signal @returns {Promise<{index: number, source: string}[]>}
 */
export async function indexesOf(log, id, signal) {
  const { events } = await getJson(inLog(log, "events"), { query: { q: term("id", id), limit: 20, view: "row" }, signal });
  return events;
}

/** @param {Loaded} loaded @param {Path} path  in the event @returns {BytesSource | null} */
export function sourceAt({ bytes, base }, path) {
  const node = locate(bytes, [...base, ...path], nodeAt(bytes));
  return node && new BytesSource(bytes, node);
}
