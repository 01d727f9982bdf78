/**
 * The pieces of a sentence. A span with a `field` is a link that narrows the search to `field:value`.
 *
 * @typedef {'actor' | 'verb' | 'target' | 'outcome' | 'note' | 'text' | 'code'} Kind
 * @typedef {{kind: Kind, text: string, field?: string, value?: string, tone?: Tone}} Span
 * @typedef {'good' | 'bad' | 'warn' | 'mute'} Tone
 * @import {Row, Target} from './row.js'
 */

import { gist } from "./assertion.js";

const NOTE_CHARACTERS = 300;

/** @param {string} text @returns {Span} */
export const text = (text) => ({ kind: "text", text });

/** @param {string} text @param {string} [action] @returns {Span} */
export const verb = (text, action) => (action ? { kind: "verb", text, field: "action", value: action } : { kind: "verb", text });

/** @param {string} value one line of it @returns {Span} */
export const code = (value) => ({ kind: "code", text: oneLine(value) });

/** @param {string} value @returns {Span} */
export const note = (value) => ({ kind: "note", text: oneLine(value) });

/** @param {string} value @returns {string} */
export function oneLine(value) {
  const head = value
    .slice(0, NOTE_CHARACTERS * 2)
    .replace(/\s+/g, " ")
    .trim();
  return head.length > NOTE_CHARACTERS || value.length > NOTE_CHARACTERS * 2 ? `${head.slice(0, NOTE_CHARACTERS)}…` : head;
}

/** @param {Row} row @returns {Span} who did it */
export function actor(row) {
  const { id = "", name, type } = row.actor ?? { id: "" };
  const shown = name || id || "somebody";
  if (type === "anonymous") return { kind: "actor", text: name || "an anonymous visitor", field: "actor", value: id };
  return { kind: "actor", text: shown, field: "actor", value: id };
}

/** @param {Row} row @returns {Span[]} `for carol`, when somebody acted for somebody */
export function behalf(row) {
  const whom = row.behalf;
  if (!whom || whom.length === 0) return [];
  const people = typeof whom === "string" ? [{ id: whom }] : whom.map((one) => (typeof one === "string" ? { id: one } : one));
  /** @type {Span[]} */
  const spans = [];
  for (const [at, person] of people.slice(0, 2).entries()) {
    spans.push(text(at ? ", " : " for "));
    spans.push({ kind: "actor", text: personName(person), field: "behalf", value: person.id });
  }
  if (people.length > 2) spans.push(text(` and ${people.length - 2} more`));
  return spans;
}

/** @param {{id: string, name?: string}} person */
const personName = (person) => person.name || person.id;

/**
 * @param {Target | undefined} target
 * @param {string} [noun] a type that the sentence has said already
 * @returns {Span[]} `order 42`
 */
export function target(target, noun = "") {
  if (!target || (!target.id && !target.name && !target.type)) return [];
  const shown = target.name || target.id || "";
  const type = target.type ?? "";
  /** @type {Span} */
  const span = { kind: "target", text: shown || type };
  if (target.id) Object.assign(span, { field: "target", value: type ? `${type}/${target.id}` : target.id });
  else if (type) Object.assign(span, { field: "target.type", value: type });
  const saysType = !type || !shown || type === shown || singular(noun) === singular(type) || noun.split(" ").includes(type);
  return saysType ? [span] : [text(`${type.replace(/[_-]+/g, " ")} `), span];
}

/** @param {string} word */
const singular = (word) => word.toLowerCase().replace(/s$/, "");

/** @param {Row} row @param {string} [noun] @returns {Span[]} the first two targets, and how many more */
export function targets(row, noun) {
  const all = row.targets ?? [];
  const spans = target(all[0], noun);
  if (all.length === 2) spans.push(text(" and "), ...target(all[1], noun));
  else if (all.length > 2) spans.push(text(` and ${all.length - 1} more`));
  return spans;
}

const TONES = /** @type {Record<string, Tone>} */ ({
  success: "good",
  passed: "good",
  failure: "bad",
  failed: "bad",
  error: "bad",
  broken: "bad",
  denied: "warn",
  skipped: "mute",
  unknown: "mute",
  xfailed: "mute",
  xpassed: "warn",
});

/** @param {string | undefined} word an outcome or a status @returns {Tone} */
export const tone = (word) => (word && TONES[word]) || "mute";

/** @param {string} value @param {string} field @returns {Span} */
export const outcome = (value, field = "outcome") => ({ kind: "outcome", text: value, field, value, tone: tone(value) });

/** @param {Row} row @returns {Span[]} what was said about it: the error, the message, the reason */
export function said(row) {
  /** @type {Span[]} */
  const spans = [];
  const { type, message } = row.error ?? {};
  if (type || message) {
    spans.push(text(": "));
    if (type) spans.push({ kind: "outcome", text: type, field: "error", value: type, tone: "bad" });
    if (type && message) spans.push(text(" "));
    if (message) spans.push(note(gist(message)));
  }
  const more = row.message;
  if (more && more !== message) spans.push(text(" – "), note(more));
  if (row.reason && row.reason !== more && row.reason !== message) spans.push(text(" – "), note(row.reason));
  return spans;
}
