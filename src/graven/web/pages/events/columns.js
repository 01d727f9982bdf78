/** The columns that a list of events can have, and what each shows of a row. Pure. */

import { formatDuration } from "../../parts/time.js";

/** @import {Row} from "../../parts/row.js" */
/** @typedef {{title: string, of: (row: Row) => string | undefined, width: number, number?: boolean}} Column */

/** @type {Readonly<Record<string, Column>>} by the name of the field */
export const COLUMNS = {
  source: { title: "source", of: (row) => row.source, width: 104 },
  action: { title: "action", of: (row) => row.action, width: 150 },
  outcome: { title: "outcome", of: (row) => row.outcome, width: 84 },
  actor: { title: "actor", of: (row) => row.actor?.id, width: 120 },
  "actor.type": { title: "actor type", of: (row) => row.actor?.type, width: 84 },
  target: { title: "target", of: (row) => targetOf(row), width: 150 },
  error: { title: "error", of: (row) => row.error?.type, width: 130 },
  duration: { title: "duration", of: (row) => (row.duration_ns === undefined ? undefined : formatDuration(row.duration_ns)), width: 80, number: true },
  operation: { title: "operation", of: (row) => row.method?.operation, width: 90 },
  uri: { title: "address", of: (row) => row.method?.uri, width: 200 },
  run: { title: "run", of: (row) => row.qa?.run, width: 110 },
  test: { title: "test", of: (row) => row.qa?.test, width: 200 },
  status: { title: "status", of: (row) => row.qa?.status, width: 76 },
  env: { title: "environment", of: (row) => row.qa?.environment, width: 96 },
  trace: { title: "trace", of: (row) => row.trace_id, width: 130 },
  session: { title: "session", of: (row) => row.session, width: 120 },
  severity: { title: "severity", of: (row) => row.severity?.toString(), width: 72, number: true },
  format: { title: "format", of: (row) => row.format, width: 96 },
  id: { title: "id", of: (row) => row.id, width: 150 },
  index: { title: "index", of: (row) => row.index.toString(), width: 84, number: true },
};

/** @param {Row} row */
function targetOf(row) {
  const first = row.targets?.[0];
  return first && (first.type ? `${first.type}/${first.id ?? ""}` : first.id);
}

/** @param {string} name @returns {Column} also of `labels.…` */
export function column(name) {
  const known = Object.hasOwn(COLUMNS, name) ? COLUMNS[name] : undefined;
  if (known) return known;
  const key = name.startsWith("labels.") ? name.slice(7) : "";
  return { title: key || name, of: (row) => (key && row.labels && Object.hasOwn(row.labels, key) ? row.labels[key] : undefined), width: 110 };
}

/** @param {string[]} names @returns {string} the tracks of the grid that a row is, from the time to the last column */
export const tracks = (names) => `22px max-content minmax(0, 1fr) ${names.map((name) => `${column(name).width}px`).join(" ")}`;
