import assert from "node:assert/strict";
import { test } from "node:test";

import { diff, equal, folded } from "../../../src/graven/web/parts/json-diff.js";
import { applyPatch, isPatch, said } from "../../../src/graven/web/parts/json-patch.js";

/** @param {unknown} before @param {unknown} after */
const changes = (before, after) =>
  diff(before, after)
    .filter((line) => line.kind !== "same")
    .map(({ kind, path, before: old, after: made }) => [kind, path.join("."), old, made]);

test("equal values have no changes", () => assert.deepEqual(changes({ a: [1, { b: null }] }, { a: [1, { b: null }] }), []));
test("a scalar that changed", () => assert.deepEqual(changes({ a: 1, b: 2 }, { a: 1, b: 3 }), [["changed", "b", "2", "3"]]));
test("members that came and went", () =>
  assert.deepEqual(changes({ a: 1, b: 2 }, { b: 2, c: "x" }), [
    ["removed", "a", "1", ""],
    ["added", "c", "", '"x"'],
  ]));
test("an element put in front moves no other", () => assert.deepEqual(changes([1, 2, 3], [0, 1, 2, 3]), [["added", "0", "", "0"]]));
test("elements of equally long arrays are compared by position", () =>
  assert.deepEqual(changes([{ id: 1, n: 1 }, { id: 2 }], [{ id: 1, n: 2 }, { id: 2 }]), [["changed", "0.n", "1", "2"]]));
test("a value of another type", () =>
  assert.deepEqual(changes({ a: [1] }, { a: "x" }), [
    ["removed", "a", "", ""],
    ["removed", "a.0", "1", ""],
    ["added", "a", "", '"x"'],
  ]));
test("something out of nothing", () =>
  assert.deepEqual(
    changes(undefined, { a: 1 }).map(([kind]) => kind),
    ["added"],
  ));
test("names of Object.prototype are members like others", () => {
  assert.deepEqual(changes({ constructor: 1 }, {}), [["removed", "constructor", "1", ""]]);
  assert.ok(!equal({ constructor: 1 }, { x: 1 }));
});
test("equal lines fold, but for those around a change", () => {
  const before = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`k${at}`, at]));
  const lines = folded(diff(before, { ...before, k15: "new" }));
  assert.deepEqual(
    lines.map((line) => line.kind),
    ["folded", "same", "same", "changed", "same", "same", "folded"],
  );
  assert.equal(
    lines.reduce((sum, line) => sum + (line.count ?? 1), 0),
    30,
  );
});
test("a long comparison stays bounded", () => {
  const lines = diff(
    Array.from({ length: 30_000 }, (_, at) => at),
    Array.from({ length: 30_001 }, (_, at) => -at),
  );
  assert.ok(lines.length < 21_000);
});

test("a patch is carried out", () => {
  const document = { a: [1, 2], "b/c": { d: 1 } };
  assert.deepEqual(
    applyPatch(document, [
      { op: "add", path: "/a/1", value: 9 },
      { op: "replace", path: "/b~1c/d", value: 2 },
      { op: "add", path: "/a/-", value: 3 },
      { op: "remove", path: "/a/0" },
      { op: "move", from: "/b~1c", path: "/x" },
      { op: "copy", from: "/a/0", path: "/y" },
      { op: "test", path: "/y", value: 9 },
    ]),
    { a: [9, 2, 3], x: { d: 2 }, y: 9 },
  );
  assert.deepEqual(document, { a: [1, 2], "b/c": { d: 1 } });
});
test("a patch that does not fit is refused", () => {
  for (const patch of [
    [{ op: "remove", path: "/x" }],
    [{ op: "add", path: "/a/b/c", value: 1 }],
    [{ op: "add", path: "/l/9", value: 1 }],
    [{ op: "?", path: "" }],
  ])
    assert.throws(() => applyPatch({ a: 1, l: [] }, patch));
});
test("a patch pollutes no prototype", () => {
  applyPatch({}, [{ op: "add", path: "/__proto__", value: { polluted: true } }]);
  assert.throws(() => applyPatch({}, [{ op: "add", path: "/constructor/prototype/polluted", value: true }]));
  assert.equal(/** @type {any} */ ({}).polluted, undefined);
});
test("a patch in words", () => {
  assert.deepEqual(said({ op: "replace", path: "/lines/0/sku", value: "x" }), { verb: "set", what: "lines › 0 › sku", link: "to", value: '"x"' });
  assert.deepEqual(said({ op: "move", from: "/a", path: "/b" }), { verb: "moved", what: "a", link: "to", value: "b" });
  assert.ok(!isPatch([{ op: 1 }]) && !isPatch("x") && isPatch([]));
});
