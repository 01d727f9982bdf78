/** The histogram as a chart wants it: columns of cumulated counts. Pure. */

import { fromMilliseconds, instantOf, toMilliseconds } from "../../parts/time.js";

/** @import {Histogram} from "./search.js" */
/**
 * @typedef {object} Stack
 * @property {number[]} x  milliseconds, the middle of each bucket
 * @property {{value: string, total: number, counts: number[], sums: number[]}[]} layers  `sums` are the counts of it and all below; the
 *   first is at the bottom
 * @property {bigint[]} starts
 * @property {bigint} width
 * @property {number} most
 * @property {boolean} hasOthers  whether the layer without a value may hold events that have one
 */

/** As many values as the server tells apart; all others, and none, are counted together. */
const STACKED = 8;
const OUTCOMES = ["success", "unknown", "", "denied", "failure", "error"];

/** @param {Histogram} histogram @param {string} by @returns {Stack} */
export function stacked({ buckets, width_ns, values: told }, by) {
  const totals = new Map();
  for (const { by: counts } of buckets) for (const [value, n] of Object.entries(counts ?? {})) totals.set(value, (totals.get(value) ?? 0) + n);
  if (!totals.size) totals.set("", 0);
  const values = [...totals.keys()];
  if (by === "outcome") values.sort((a, b) => OUTCOMES.indexOf(a) - OUTCOMES.indexOf(b));
  else values.sort((a, b) => (a === "" ? 1 : b === "" ? -1 : totals.get(b) - totals.get(a)));
  const below = new Array(buckets.length).fill(0);
  const layers = values.map((value) => {
    const counts = buckets.map((bucket) => bucket.by?.[value] ?? (values.length === 1 ? bucket.count : 0));
    const sums = counts.map((n, at) => (below[at] += n));
    return { value, total: totals.get(value) ?? 0, counts, sums };
  });
  const width = BigInt(Math.round(width_ns));
  const starts = buckets.map((bucket) => instantOf(bucket.start) ?? 0n);
  return { x: starts.map((start) => toMilliseconds(start + width / 2n)), layers, starts, width, most: Math.max(0, ...below), hasOthers: (told ?? values).filter(Boolean).length >= STACKED };
}

/**
 * @param {Stack} stack @param {number} from  milliseconds @param {number} to
 * @returns {{since: bigint, until: bigint}} whole buckets, when at least one is touched
 */
export function brushed({ starts, width }, from, to) {
  const [low, high] = [fromMilliseconds(Math.min(from, to)), fromMilliseconds(Math.max(from, to))];
  const touched = starts.filter((start) => start + width > low && start < high);
  const first = touched[0];
  const last = touched.at(-1);
  return first === undefined || last === undefined ? { since: low, until: high } : { since: first, until: last + width };
}

/** What a layer is called, as in the filters. @param {Stack} stack @param {string} value @returns {string} */
export const named = (stack, value) => value || (stack.hasOthers ? "other or none" : "none");

const PALETTE = 7;
/** @type {Readonly<Record<string, string>>} */
const MEANT = {
  success: "--chart-ok", passed: "--chart-ok", failure: "--chart-fail", failed: "--chart-fail", error: "--chart-error", broken: "--chart-error",
  denied: "--chart-warn", xpassed: "--chart-warn",
};

/** @param {string} by @param {string} value @param {number} at  its place among the layers @returns {string} the name of a CSS property */
export function colour(by, value, at) {
  if (value === "") return "--chart-rest";
  if (by === "outcome" || by === "status") return MEANT[value] ?? "--chart-unknown";
  return `--chart-${at % PALETTE}`;
}
