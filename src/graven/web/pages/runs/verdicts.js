/** Verdicts and counts of runs and tests, in the same words and colours everywhere. */

import { html } from "../../html.js";
import { Badge, count } from "../../shell/parts.js";

/** @type {Record<string, "ok" | "fail" | "warn" | "info" | "quiet">} */
const TONES = { passed: "ok", failed: "fail", error: "fail", interrupted: "warn", unknown: "quiet", skipped: "quiet", xfailed: "info", xpassed: "warn" };

const ORDER = ["failed", "error", "xpassed", "passed", "xfailed", "skipped", "unknown"];

/** RFC 3339 of Unix nanoseconds; milliseconds are all that a browser's clock has. @param {number | null | undefined} ns */
export const fromNs = (ns) => (ns ? new Date(ns / 1e6).toISOString() : null);

/** @param {{status: string, failing?: boolean}} props */
export const Status = ({ status, failing }) => html`<${Badge} tone=${failing ? "fail" : (TONES[status] ?? "quiet")}>${status}<//>`;

/** @param {{run: {verdict: string, state: string}}} props */
export function Verdict({ run }) {
  if (run.state === "open") return html`<${Badge} tone="info" title="no end of this run was recorded yet">running<//>`;
  return html`<${Badge} tone=${TONES[run.verdict] ?? "quiet"}>${run.verdict}<//>`;
}

/** A bar and its numbers. @param {{counts: Record<string, number>, exact?: boolean}} props */
export function Counts({ counts, exact = true }) {
  const found = ORDER.filter((status) => counts[status] > 0);
  const total = found.reduce((sum, status) => sum + counts[status], 0);
  if (!total) return html`<span class="muted">no tests</span>`;
  const words = found.map((status) => `${count(counts[status])} ${status}`).join(", ");
  return html`<span class="counts">
    <span class="ratio" aria-hidden="true">${found.map((status) => html`<i class=${TONES[status]} style=${{ flexGrow: counts[status] }}></i>`)}</span>
    <span class="num">${words}${exact ? "" : " (about: some attempts came late)"}</span>
  </span>`;
}
