import assert from "node:assert/strict";
import { test } from "node:test";

import { column, tracks } from "../../../src/graven/web/pages/events/columns.js";
import { readPlace, searchKey, written } from "../../../src/graven/web/pages/events/place.js";
import { brief, placeOf, savedOf } from "../../../src/graven/web/pages/events/saved.js";
import { RowStore } from "../../../src/graven/web/pages/events/row-store.js";
import { SseParser } from "../../../src/graven/web/pages/events/sse.js";
import { fitting } from "../../../src/graven/web/parts/axis-labels.js";
import { brushed, colour, named, stacked } from "../../../src/graven/web/pages/events/stack.js";
import { revealing, windowOf } from "../../../src/graven/web/pages/events/window-of.js";

/** @import {Row} from "../../../src/graven/web/parts/row.js" */
/** @param {number} index @returns {Row} */
const row = (index) => ({
  index,
  received: "2026-11-22T20:01:02.000000000Z",
  id: `é-${index}`,
  source: "s",
  format: "event/1",
  action: "a.b",
  actor: { id: "x" },
});
/** @param {number} from @param {number} count */
const rows = (from, count) => Array.from({ length: count }, (_, at) => row(from - at));

test("a place goes into the URL and comes back", () => {
  const place = readPlace(new URLSearchParams("q=a:b&since=1h&clock=claimed&order=oldest&by=actor&cols=run,test&tz=%2B02:00&compare=3-9"));
  assert.deepEqual(place, {
    q: "a:b",
    since: "1h",
    until: "",
    clock: "claimed",
    order: "oldest",
    by: "actor",
    columns: ["run", "test"],
    zone: "+02:00",
    live: false,
    compare: [3, 9],
  });
  const query = new URLSearchParams(
    Object.entries(written(place))
      .filter((pair) => pair[1] !== null)
      .map(([name, value]) => [name, String(value)]),
  );
  assert.deepEqual(readPlace(query), place);
});
test("a URL without anything is everything, newest first", () => {
  const place = readPlace(new URLSearchParams());
  assert.deepEqual(
    Object.values(written(place)).filter((value) => value !== null),
    [],
  );
  assert.equal(place.order, "newest");
});
test("no columns is a choice, too", () => assert.deepEqual(readPlace(new URLSearchParams({ cols: String(written({ columns: [] }).cols) })).columns, []));
test("live is newest first, until now", () => {
  const place = readPlace(new URLSearchParams("live=1&order=oldest&until=2026-01-01T00:00:00Z"));
  assert.deepEqual([place.order, place.until], ["newest", ""]);
});
test("what is drawn only does not ask again", () => {
  const key = (/** @type {string} */ query) => searchKey(readPlace(new URLSearchParams(query)));
  assert.equal(key("q=a&cols=run&by=actor&compare=1-2"), key("q=a"));
  assert.notEqual(key("q=a&since=1h"), key("q=a"));
});

test("a store gives rows by position", () => {
  const store = new RowStore();
  store.append(rows(1000, 100), "");
  store.append(rows(900, 500), "c1");
  assert.equal(store.count, 600);
  assert.deepEqual([store.at(0)?.index, store.at(99)?.index, store.at(100)?.index, store.at(599)?.index, store.at(600)], [1000, 901, 900, 401, null]);
  assert.deepEqual(store.at(5), row(995));
});
test("rows put in front move the others", () => {
  const store = new RowStore();
  store.append(rows(10, 5), "");
  store.prepend(rows(13, 3));
  assert.deepEqual(
    [0, 3, 7].map((at) => store.at(at)?.index),
    [13, 10, 6],
  );
  assert.equal(store.find(8, 0), 5);
  assert.equal(store.find(99, 0), -1);
});
test("a full store lets the farthest pages go and takes them back", () => {
  const store = new RowStore(20_000);
  for (let page = 0; page < 40; page += 1) store.append(rows(10_000 - page * 100, 100), page ? `c${page}` : "");
  assert.equal(store.count, 4000);
  assert.ok(store.bytes <= 20_000 + 100 * 130, `${store.bytes}`);
  assert.equal(store.at(3999)?.index, 6001);
  const missing = store.missing(0);
  assert.equal(missing?.cursor, "");
  missing?.fill(rows(10_000, 100));
  assert.equal(store.at(0)?.index, 10_000);
  assert.equal(store.missing(0), null);
});
test("live rows cannot be asked for again, so they stay, until they are trimmed", () => {
  const store = new RowStore(1000);
  store.append(rows(10, 5), "");
  for (let at = 0; at < 20; at += 1) store.prepend(rows(11 + at, 1));
  assert.equal(store.at(0)?.index, 30);
  assert.ok(store.trim(10));
  assert.equal(store.count, 10);
  assert.ok(!store.trim(10));
  assert.equal(store.at(9)?.index, 21);
});

test("events of a stream come whole, however it is cut", () => {
  const stream = ': hi\r\nevent: row\nid: 7\ndata: {"a":1}\n\nevent: progress\r\ndata: x\r\ndata: y\r\n\r\ndata:z\n\n\n';
  const expected = [
    { event: "row", id: "7", data: '{"a":1}' },
    { event: "progress", id: "7", data: "x\ny" },
    { event: "message", id: "7", data: "z" },
  ];
  for (let size = 1; size <= stream.length; size += 1) {
    const parser = new SseParser();
    const found = [];
    for (let at = 0; at < stream.length; at += size) found.push(...parser.feed(stream.slice(at, at + size)));
    assert.deepEqual(found, expected, `pieces of ${size}`);
  }
});

test("only rows in sight and around are drawn", () => {
  assert.deepEqual(windowOf({ top: 0, height: 300, rowHeight: 30, count: 100_000 }), { from: 0, to: 18, first: 0, last: 9 });
  assert.deepEqual(windowOf({ top: 1_500_010, height: 300, rowHeight: 30, count: 100_000 }), { from: 49_992, to: 50_019, first: 50_000, last: 50_010 });
  assert.deepEqual(windowOf({ top: 9e9, height: 300, rowHeight: 30, count: 5 }).to, 5);
  assert.deepEqual(windowOf({ top: 0, height: 300, rowHeight: 30, count: 0 }), { from: 0, to: 0, first: 0, last: -1 });
});
test("a row is scrolled into sight no farther than needed", () => {
  const view = { top: 300, height: 300, rowHeight: 30 };
  assert.deepEqual(
    [0, 12, 19, 20].map((at) => revealing(at, view)),
    [0, 300, 300, 330],
  );
});

/** @type {import("../../../src/graven/web/pages/events/search.js").Histogram} */
const histogram = {
  from: "2026-11-22T20:00:00Z",
  to: "2026-11-22T20:03:00Z",
  width_ns: 60e9,
  total: 9,
  indexed: 9,
  buckets: [
    { start: "2026-11-22T20:00:00Z", count: 5, by: { success: 4, failure: 1 } },
    { start: "2026-11-22T20:01:00Z", count: 0, by: {} },
    { start: "2026-11-22T20:02:00Z", count: 4, by: { success: 4 } },
  ],
};
test("counts are stacked, what went well at the bottom", () => {
  const stack = stacked(histogram, "outcome");
  assert.deepEqual(
    stack.layers.map(({ value, total, sums }) => [value, total, sums]),
    [
      ["success", 8, [4, 0, 4]],
      ["failure", 1, [5, 0, 4]],
    ],
  );
  assert.equal(stack.most, 5);
});
test("a brush takes whole bars", () => {
  const stack = stacked(histogram, "outcome");
  const minute = 60_000;
  const start = Date.UTC(2026, 10, 22, 20, 0, 0);
  const { since, until } = brushed(stack, start + 10_000, start + minute + 1);
  assert.equal(since, BigInt(start) * 1_000_000n);
  assert.equal(until, BigInt(start + 2 * minute) * 1_000_000n);
});
test("outcomes have their colours, others come from a palette", () => {
  assert.equal(colour("outcome", "failure", 3), "--chart-fail");
  assert.equal(colour("actor", "failure", 3), "--chart-3");
  assert.equal(colour("actor", "", 1), "--chart-rest");
  assert.notEqual(colour("outcome", "unknown", 1), colour("outcome", "", 2));
});
test("columns", () => {
  assert.equal(column("labels.a.b").of({ ...row(1), labels: { "a.b": "x" } }), "x");
  assert.equal(column("labels.constructor").of({ ...row(1), labels: {} }), undefined);
  assert.match(tracks(["source"]), /104px$/);
});

test("a view is saved and opened as the place that it was", () => {
  const place = readPlace(new URLSearchParams("q=a:b&since=1h&clock=claimed&order=oldest&by=actor&cols=run,test"));
  assert.deepEqual({ ...place, ...placeOf(savedOf(place)) }, place);
});

test("what a saved view leaves out has its default", () => {
  const place = readPlace(new URLSearchParams());
  assert.deepEqual({ ...place, ...placeOf({}) }, place);
});

test("a saved view is told in a few words", () => {
  assert.equal(brief({ query: "a:b", since: "1h" }), "a:b · since 1h");
  assert.equal(brief({}), "everything");
});

test("what has no value is called none, as in the filters, and other only where there may be others", () => {
  const few = stacked(histogram, "outcome");
  assert.equal(named(few, ""), "none");
  assert.equal(named(few, "failure"), "failure");
  const by = Object.fromEntries([..."abcdefgh", ""].map((value) => [value, 1]));
  assert.equal(named(stacked({ ...histogram, buckets: [{ start: 0, count: 9, by }] }, "action"), ""), "other or none");
  // one of the eight has nothing in the buckets: events of it may have no claimed time
  assert.equal(named(stacked({ ...histogram, values: [..."abcdefgh", ""], buckets: [{ start: 0, count: 2, by: { a: 1, "": 1 } }] }, "action"), ""), "other or none");
});
test("labels of an axis are drawn as a whole or not at all", () => {
  assert.deepEqual(fitting(["11-27 19:00", "19:05", "19:10"], [44, 200, 300], 320), ["11-27 19:00", "19:05", "19:10"]);
  assert.deepEqual(fitting(["11-27 19:00", "19:05", "11-28 00:00"], [20, 200, 300], 320), ["19:00", "19:05", "00:00"]);
  assert.deepEqual(fitting(["19:00", "19:05", "19:10"], [5, 200, 318], 320), ["", "19:05", ""]);
  assert.deepEqual(fitting(["19:00", "19:05"], [100, 120], 320), ["19:00", ""]);
});
