/** Sentences for the actions that Graven and its recorders make, by the name of the action. */

import { formatDuration } from "./time.js";
import { actor, behalf, code, note, outcome, said, target, targets, text, verb } from "./spans.js";

/** @import {Row} from './row.js' @import {Span} from './spans.js' @typedef {(row: Row) => Span[]} Template */

/** @param {Row} row */
const failed = (row) => row.outcome === "failure" || row.outcome === "error";

/** @param {Row} row @returns {Span[]} */
const took = (row) => (row.duration_ns === undefined ? [] : [text(` in ${formatDuration(row.duration_ns)}`)]);

/** @param {Row} row @returns {Span[]} the outcome, where it is not the expected one */
const unless = (row) => (row.outcome && row.outcome !== "success" && row.outcome !== "unknown" ? [text(" → "), outcome(row.outcome)] : []);

/** @param {Row} row @returns {Span} */
function testSpan(row) {
  const first = row.targets?.[0];
  const id = row.qa?.test ?? first?.id ?? "";
  const short = first?.name || id.replace(/^.*?::/, "") || "a test";
  return { kind: "target", text: short, field: "test", value: id };
}

/** @type {Template} */
function testCase(row) {
  const status = row.qa?.status ?? row.outcome ?? "unknown";
  const attempt = row.qa?.attempt ?? 0;
  const again = attempt > 1 ? [text(` at attempt ${attempt}`)] : [];
  return [testSpan(row), text(" "), outcome(status, row.qa?.status ? "status" : "outcome"), ...again, ...took(row), ...said(row)];
}

/** @type {Template} */
function suite(row) {
  const name = row.qa?.suite ?? row.targets?.[0]?.id ?? "";
  const status = row.qa?.status ?? row.outcome ?? "unknown";
  return [
    verb("suite", row.action),
    text(" "),
    { kind: "target", text: name, field: "suite", value: name },
    text(" "),
    outcome(status, row.qa?.status ? "status" : "outcome"),
    ...took(row),
    ...said(row),
  ];
}

/** @param {Row} row @returns {Span[]} */
function runSpan(row) {
  const run = row.qa?.run;
  return run ? [{ kind: "target", text: run, field: "run", value: run }] : [];
}

/** @type {Template} */
function runStart(row) {
  const { branch, environment } = row.qa ?? {};
  /** @type {Span[]} */
  const where = [];
  if (branch) where.push(text(" on "), { kind: "target", text: branch, field: "branch", value: branch });
  if (environment) where.push(text(" in "), { kind: "target", text: environment, field: "env", value: environment });
  return [actor(row), text(" "), verb("started run", row.action), text(" "), ...runSpan(row), ...where, ...said(row)];
}

/** @type {Template} */
function runFinish(row) {
  const status = row.qa?.status ?? row.outcome ?? "unknown";
  return [verb("run", row.action), text(" "), ...runSpan(row), text(" "), outcome(status, row.qa?.status ? "status" : "outcome"), ...took(row), ...said(row)];
}

/** @param {string} done @returns {Template} who called which operation of what */
const called = (done) => (row) => {
  const { operation = "", uri = "", statement = "" } = row.method ?? {};
  const what = statement && done === "ran" ? statement : [operation, uri].filter(Boolean).join(" ");
  const fallback = what ? [code(what)] : targets(row);
  return [actor(row), ...behalf(row), text(" "), verb(done, row.action), text(" "), ...fallback, ...unless(row), ...took(row), ...said(row)];
};

/** @param {string} done @param {string} base @returns {Template} `alice logged in` */
const session = (done, base) => (row) => {
  const who = [actor(row), ...behalf(row), text(" ")];
  if (row.outcome === "denied") return [...who, outcomeWord("was refused", row), text(" "), verb(`to ${base}`, row.action), ...said(row)];
  if (failed(row)) return [...who, outcomeWord("failed", row), text(" "), verb(`to ${base}`, row.action), ...said(row)];
  return [...who, verb(done, row.action), ...said(row)];
};

/** @param {string} word @param {Row} row @returns {Span} */
const outcomeWord = (word, row) => ({ ...outcome(row.outcome ?? ""), text: word });

/** @param {string} done @returns {Template} `graven started` */
const server = (done) => (row) => [actor(row), text(" "), verb(done, row.action), ...unless(row), ...said(row)];

/** @param {string} before @param {string} [noun] @returns {Template} `qa-reader read entries of log shop` */
const read =
  (before, noun = "") =>
  (row) => {
    const log = row.targets?.find((one) => one.type === "log");
    const what = row.targets?.find((one) => one.type !== "log");
    return [
      actor(row),
      text(" "),
      verb(before, row.action),
      ...(what ? [text(" "), ...target(what, noun)] : []),
      ...(log ? [text(what ? " of log " : " log "), ...target(log, "log")] : []),
      ...unless(row),
      ...said(row),
    ];
  };

/** @param {string} before @param {string} [between] @returns {Template} `alice searched log shop for actor:bob, 12 found` */
const asked =
  (before, between = " for ") =>
  (row) => {
    const { query, count, first, last } = row.attributes ?? {};
    const log = row.targets?.find((one) => one.type === "log");
    const one = count === 1 && first !== undefined && first === last;
    return [
      actor(row),
      text(" "),
      verb(before, row.action),
      ...(log ? [text(" log "), ...target(log, "log")] : []),
      ...(typeof query === "string" && query ? [text(between), code(query)] : []),
      ...(one ? [text(", "), note(`event ${first}`)] : typeof count === "number" && row.action !== "events.count" ? [text(", "), note(`${count.toLocaleString("en")} found`)] : []),
      ...unless(row),
      ...said(row),
    ];
  };

/** @param {string} before @returns {Template} `alice read event 7 of log shop` */
const looked = (before) => (row) => {
  const log = row.targets?.find((one) => one.type === "log");
  const at = row.attributes?.first;
  return [actor(row), text(" "), verb(before, row.action), text(at === undefined ? " an event" : ` event ${at}`), ...(log ? [text(" of log "), ...target(log, "log")] : []), ...unless(row), ...said(row)];
};

/** @type {Template} */
function logRecord(row) {
  const what = row.message ?? row.error?.message ?? "";
  return [actor(row), text(" "), verb("logged", row.action), text(" "), note(what), ...(row.error?.type ? said({ ...row, message: undefined }) : [])];
}

/** @type {Template} */
function undeclared(row) {
  const { operation = "", uri = "" } = row.method ?? {};
  return [actor(row), text(" "), verb("did undeclared I/O", row.action), text(" "), code(`${operation} ${uri}`.trim()), ...said(row)];
}

/** @type {Template} */
const snapshot = (row) => [actor(row), text(" "), verb("took a snapshot of", row.action), text(" "), ...targets(row), ...unless(row), ...said(row)];

/** @type {Template} */
const snapshotFinish = (row) => [actor(row), text(" "), verb("finished the snapshot of", row.action), text(" "), ...targets(row), ...unless(row), ...said(row)];

/** @type {Readonly<Record<string, Template>>} */
export const TEMPLATES = {
  "test.case.finish": testCase,
  "test.suite.finish": suite,
  "test.run.start": runStart,
  "test.run.finish": runFinish,
  "http.request": called("requested"),
  "sql.statement": called("ran"),
  "sql.execute": called("ran"),
  "redis.command": called("sent Redis"),
  "aws.call": called("called AWS"),
  "process.run": called("ran"),
  "function.call": called("called"),
  "io.undeclared": undeclared,
  "log.record": logRecord,
  "session.login": session("logged in", "log in"),
  "session.logout": session("logged out", "log out"),
  "user.login": session("logged in", "log in"),
  "user.logout": session("logged out", "log out"),
  "server.start": server("started"),
  "server.stop": server("stopped"),
  "settings.change": server("changed the settings"),
  "redaction.change": server("changed the rules of redaction"),
  "entries.read": read("read entries of"),
  "entry.read": read("read entry", "entry"),
  "events.search": asked("searched"),
  "events.count": asked("counted in", " what matches "),
  "events.newest": asked("looked up the newest match in"),
  "events.around": looked("looked around"),
  "events.view": looked("read"),
  "events.value": looked("loaded a large value of"),
  "events.by_id": looked("looked up"),
  "events.export": asked("exported"),
  "events.tail.start": asked("began to follow"),
  "events.tail.end": asked("stopped following"),
  "values.read": read("was shown values of"),
  "index.rebuild": read("had the index rebuilt of"),
  "blob.read": read("read blob", "blob"),
  "runs.read": read("listed the runs of"),
  "run.read": read("read run", "run"),
  "test.read": read("read test", "test"),
  "log.push": read("pushed"),
  "state.snapshot": snapshot,
  "state.snapshot.finish": snapshotFinish,
};
