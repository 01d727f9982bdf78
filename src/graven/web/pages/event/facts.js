/** Who, what, when and how, as a list of facts; each that can be searched for is a link. Pure. */

import { formatDuration, instantOf } from "../../parts/time.js";

/** @import {View} from "./loading.js" */
/** @typedef {{text: string, field?: string, value?: string, code?: boolean}} Piece */
/** @typedef {{label: string, pieces: Piece[], time?: string | number, title?: string}} Fact */

const SEVERITIES = ["", "trace", "debug", "info", "warning", "error", "fatal"];

/** @param {View} view @returns {Fact[]} */
export function factsOf(view) {
  const { event } = view;
  /** @type {Fact[]} */
  const facts = [];
  /** @param {string} label @param {...(Piece | false | undefined)} pieces */
  const add = (label, ...pieces) => {
    const kept = pieces.filter((piece) => piece && piece.text !== "");
    if (kept.length) facts.push({ label, pieces: /** @type {Piece[]} */ (kept) });
  };
  const { actor, method, origin, trace } = event;
  if (event.time !== undefined) facts.push({ label: "when", pieces: claimedBefore(event.time, view.received), time: event.time, title: "When it happened, as whoever recorded it claims" });
  if (actor) add("who", found(actor.name ?? actor.id, "actor", actor.id), actor.name !== undefined && actor.name !== actor.id && plain(actor.id), found(actor.type, "actor.type"), found(actor.email, "actor.email"), plain(actor.roles?.join(", ")));
  for (const one of event.on_behalf_of ?? []) add("for", found(one.name ?? one.id, "behalf", one.id), plain(one.type));
  add("what", found(event.action, "action"), found(event.outcome, "outcome"));
  for (const one of event.targets ?? []) add("to", found(one.name ?? one.id ?? one.type, "target", one.id && one.type ? `${one.type}/${one.id}` : one.id), found(one.type, "target.type"), one.name !== undefined && plain(one.id));
  if (event.duration_ns !== undefined) add("took", plain(formatDuration(event.duration_ns)));
  if (method) {
    add("how", found(method.protocol, "protocol"), found(method.operation, "operation"), method.uri !== undefined && { ...found(method.uri, "uri"), code: true });
    if (method.statement) add("statement", { text: method.statement, code: true });
  }
  if (origin) add("from", found(origin.ip, "ip"), found(origin.host, "host"), found(typeof origin.process === "string" ? origin.process : undefined, "process"), found(origin.user_agent, "user_agent"));
  add("message", plain(event.message));
  add("reason", plain(event.reason));
  add("ticket", found(event.ticket, "ticket"));
  if (event.severity !== undefined) add("severity", plain(`${event.severity} ${SEVERITIES[Math.ceil(event.severity / 4)] ?? ""}`.trim()));
  const qa = event.qa ?? {};
  add("run", found(texted(qa.run), "run"), found(texted(qa.environment), "env"), found(texted(qa.branch), "branch"), found(texted(qa.commit), "commit"), found(texted(qa.build), "build"), found(texted(qa.release), "release"));
  add("test", found(texted(qa.test), "test"), found(texted(qa.suite), "suite"), found(texted(qa.phase), "phase"), found(texted(qa.status), "status"), qa.attempt !== undefined && plain(`attempt ${qa.attempt}`), qa.seed !== undefined && plain(`seed ${qa.seed}`));
  if (trace) add("trace", { ...found(trace.trace_id, "trace"), code: true }, trace.span_id !== undefined && { ...found(trace.span_id, "span"), code: true });
  add("session", { ...found(event.session_id ?? actor?.session, "session"), code: true });
  add("correlation", { ...found(event.correlation_id, "correlation"), code: true });
  add("caused by", { ...found(event.causation_id, "id"), code: true });
  if (event.causation_id) Object.assign(facts.at(-1) ?? {}, { title: "The event that this one names as its cause" });
  for (const [name, value] of Object.entries(event.labels ?? {})) add(name, found(texted(value), `labels.${name}`));
  return facts;
}

/** Each count is a query, and each query is recorded: only what is asked most. */
const COUNTED = new Set(["trace", "session", "run", "target"]);
const WORTH_SAYING = 60_000_000_000n;

/** @param {string} time @param {string | number} received @returns {Piece[]} how far the producer's clock and the server's lie apart */
function claimedBefore(time, received) {
  const [claimed, taken] = [instantOf(time), instantOf(received)];
  if (claimed === null || taken === null) return [];
  const apart = taken - claimed;
  if (apart >= WORTH_SAYING) return [plain(`as it claims: ${formatDuration(apart)} before it was received`)];
  return apart <= -WORTH_SAYING ? [plain(`as it claims: ${formatDuration(-apart)} after it was received`)] : [];
}

/** @param {View} view @returns {Fact[]} what the log knows about the entry */
export function recordOf(view) {
  const token = view.by?.token ?? view.token;
  const ip = view.by?.ip ?? view.by_ip;
  return [
    { label: "index", pieces: [plain(String(view.index))] },
    { label: "received", pieces: [], time: view.received, title: "When this server took it in, by its clock" },
    { label: "id", pieces: [{ ...found(view.id, "id"), code: true }] },
    { label: "source", pieces: [found(view.source, "source")] },
    { label: "format", pieces: [found(view.format, "format")] },
    ...(token ? [{ label: "by token", pieces: [found(token, "token"), ...(ip ? [found(ip, "by.ip")] : [])] }] : []),
    ...(view.redacted ? [{ label: "redacted", pieces: [plain(`${view.redacted} ${view.redacted === 1 ? "value" : "values"} taken out before recording`)] }] : []),
  ];
}

/** @param {string | undefined} text @param {string} field @param {string} [value] @returns {Piece} */
const found = (text, field, value = text) => (value ? { text: text ?? "", field, value } : { text: text ?? "" });

/** @param {string | undefined} text @returns {Piece} */
const plain = (text) => ({ text: text ?? "" });

/** @param {unknown} value */
const texted = (value) => (value === undefined || value === null ? undefined : typeof value === "string" ? value : JSON.stringify(value));

/** @type {Record<string, string>} what is not said by the label */
const HINTS = { causation: "Events that name this one as their cause" };

/** @param {View} view @returns {{label: string, field: string, value: string, counted: boolean, title: string}[]} what other events may have in common with it */
export function relationsOf({ event }) {
  const target = event.targets?.[0];
  /** @type {[string, string, unknown][]} */
  const all = [
    ["same trace", "trace", event.trace?.trace_id],
    ["same session", "session", event.session_id ?? event.actor?.session],
    ["same correlation", "correlation", event.correlation_id],
    ["same run", "run", event.qa?.run],
    ["same test", "test", event.qa?.test],
    ["same target", "target", target?.id && target.type ? `${target.type}/${target.id}` : target?.id],
    ["caused by it", "causation", event.id],
    ["same actor", "actor", event.actor?.id],
  ];
  return all.flatMap(([label, field, value]) => (typeof value === "string" && value ? [{ label, field, value, counted: COUNTED.has(field), title: HINTS[field] ?? `All events of the ${label}` }] : []));
}
