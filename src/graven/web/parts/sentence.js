/**
 * Every event as a sentence: a list of typed spans, so that each can be a link that filters.
 *
 * `alice created order 42`, `u-17 was denied refund.create on order 9`, `test_pays failed in 1.2 s: AssertionError …`.
 * A template per action where we know it, and a default from the words of the action's name. Pure.
 */

import { actor, behalf, note, outcome, said, targets, text, verb } from "./spans.js";
import { TEMPLATES } from "./templates.js";
import { readAction } from "./verbs.js";

/** @import {Row} from './row.js' @import {Span} from './spans.js' */

/** @param {Row} row @returns {Span[]} */
export function sentenceOf(row) {
  const action = row.action ?? "";
  if (row.format === "quarantine/1") return [text("Something was set aside"), ...(row.message ? [text(": "), note(row.message)] : said(row))];
  const template = Object.hasOwn(TEMPLATES, action) ? TEMPLATES[action] : undefined;
  return template ? template(row) : plain(row);
}

/** @param {Row} row @returns {Span[]} the default, from the name of the action */
function plain(row) {
  const { action } = row;
  const { past, base, noun } = readAction(action);
  const who = [actor(row), ...behalf(row), text(" ")];
  const about = objects(row, noun);
  if (row.outcome === "denied") {
    return [...who, { ...outcome("denied"), text: "was denied" }, text(" "), verb(action, action), ...on(targets(row)), ...said(row)];
  }
  const failed = row.outcome === "failure" || row.outcome === "error";
  if (failed && base) {
    return [...who, { ...outcome(row.outcome ?? ""), text: "failed" }, text(" "), verb(`to ${base}`, action), ...about, ...said(row)];
  }
  if (past) return [...who, verb(past, action), ...about, ...(failed ? [text(" → "), outcome(row.outcome ?? "")] : []), ...said(row)];
  const result = failed ? [text(" → "), outcome(row.outcome ?? "")] : [];
  return [...who, text("did "), verb(action, action), ...on(targets(row)), ...result, ...said(row)];
}

/** @param {Row} row @param {string} noun @returns {Span[]} ` order 42`, or ` refund on order 42` when the target is something else */
function objects(row, noun) {
  const first = row.targets?.[0];
  const named = targets(row, noun);
  if (!noun) return named.length ? [text(" "), ...named] : [];
  if (!named.length) return [text(` ${noun}`)];
  const type = first?.type ?? "";
  const same = !type || type === noun || `${type}s` === noun || type === `${noun}s` || noun.split(" ").includes(type);
  return same ? [text(` ${noun} `), ...named] : [text(` ${noun}`), ...on(named)];
}

/** @param {Span[]} spans @returns {Span[]} */
const on = (spans) => (spans.length ? [text(" on "), ...spans] : []);

/** @param {Row} row @returns {string} the sentence as one text, for labels and copies */
export function sentenceText(row) {
  return sentenceOf(row)
    .map((span) => span.text)
    .join("");
}
