import assert from "node:assert/strict";
import { test } from "node:test";

import * as time from "../../../src/graven/web/parts/time.js";

const at = /** @type {bigint} */ (time.instantOf("2026-11-22T20:01:02.123456789Z"));

test("an instant keeps its nanoseconds", () => {
  assert.equal(at % 1_000_000_000n, 123456789n);
  assert.equal(time.formatStamp(at), "2026-11-22T20:01:02.123456789Z");
});
test("an offset is taken off", () => assert.equal(time.instantOf("2026-11-22T22:01:02.123456789+02:00"), at));
test("a number is Unix nanoseconds", () => assert.equal(time.instantOf("1795377662123456789"), 1795377662123456789n));
test("what is no time is null", () => {
  for (const bad of ["", "yesterday", "2026-13-01T00:00:00Z", null, undefined]) assert.equal(time.instantOf(bad), null);
});
test("times show in UTC and in an offset", () => {
  assert.equal(time.formatAbsolute(at, { zone: "utc" }), "2026-11-22 20:01:02.123");
  assert.equal(time.formatAbsolute(at, { zone: "+05:30", digits: 0 }), "2026-11-23 01:31:02");
  assert.equal(time.formatAbsolute(at, { zone: "utc", digits: 9 }), "2026-11-22 20:01:02.123456789");
});
test("a stamp has only the digits it needs", () => {
  assert.equal(time.formatStamp(at - 123456789n), "2026-11-22T20:01:02Z");
  assert.equal(time.formatStamp(at - 3456789n), "2026-11-22T20:01:02.12Z");
  assert.equal(time.formatStamp(/** @type {bigint} */ (time.instantOf("2026-11-22T20:00:00Z"))), "2026-11-22T20:00:00Z");
  assert.equal(time.formatStamp(at - 123456789n, "+02:00"), "2026-11-22T22:01:02+02:00");
});
test("relative times", () => {
  assert.equal(time.formatRelative(at, at + 2_000_000_000n), "just now");
  assert.equal(time.formatRelative(at, at + 59_000_000_000n), "59 s ago");
  assert.equal(time.formatRelative(at, at + 200_000_000_000n), "3 min ago");
  assert.equal(time.formatRelative(at, at - 7_200_000_000_000n), "in 2 h");
  assert.equal(time.formatRelative(at, at + 86_400_000_000_000n * 90n), "2 months ago");
});
test("durations", () => {
  /** @type {[number, string][]} */
  const cases = [
    [0, "0 ns"],
    [999, "999 ns"],
    [340_000, "340 µs"],
    [1_200_000, "1.2 ms"],
    [12_345_678, "12 ms"],
    [1.25e9, "1.3 s"],
    [125e9, "2 min 5 s"],
    [3600e9, "1 h"],
    [90000e9, "1 d 1 h"],
  ];
  for (const [ns, text] of cases) assert.equal(time.formatDuration(ns), text);
});
test("one end of a range as people type it", () => {
  const context = { now: at, zone: "+02:00" };
  assert.equal(time.resolve("15m", context), at - 900_000_000_000n);
  assert.equal(time.resolve("now", context), at);
  assert.equal(time.resolve("2026-11-22 22:00", context), time.instantOf("2026-11-22T20:00:00Z"));
  assert.equal(time.resolve("2026-11-23", context), time.instantOf("2026-11-22T22:00:00Z"));
  assert.equal(time.resolve("2026-11-22T20:00:00Z", context), time.instantOf("2026-11-22T20:00:00Z"));
  assert.equal(time.resolve("soon", context), null);
});
