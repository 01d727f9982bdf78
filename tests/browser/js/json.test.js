import assert from "node:assert/strict";
import { test } from "node:test";

import { beginning, dotted, locate, nodeAt, textOf, walk } from "../../../src/graven/web/parts/json-bytes.js";
import { BytesSource } from "../../../src/graven/web/parts/json-source.js";

const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);

/** @param {Uint8Array} at @param {import("../../../src/graven/web/parts/json-bytes.js").Node} node @returns {any} the value, made the slow way out of the pieces */
function made(at, node) {
  if (node.kind === "object") return Object.fromEntries([...walk(at, node)].map((child) => [child.key, made(at, child)]));
  if (node.kind === "array") return [...walk(at, node)].map((child) => made(at, child));
  return node.kind === "string" ? textOf(at, node) : JSON.parse(textOf(at, node));
}

/** @param {number} seed */
function random(seed) {
  return () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
}

/** @param {() => number} next @param {number} depth @returns {unknown} */
function value(next, depth) {
  const pick = Math.floor(next() * (depth > 0 ? 8 : 6));
  const text = ["", 'a"b', "\\", '\\\\"', "é🦊", "\n\t", "x".repeat(Math.floor(next() * 200)), "]}{[,:"][Math.floor(next() * 8)];
  if (pick === 0) return null;
  if (pick === 1) return next() < 0.5;
  if (pick === 2) return Math.round(next() * 1e6) / 100;
  if (pick < 6) return text;
  const many = Math.floor(next() * 6);
  if (pick === 6) return Array.from({ length: many }, () => value(next, depth - 1));
  return Object.fromEntries(Array.from({ length: many }, (_, at) => [`${text}${at}`, value(next, depth - 1)]));
}

test("what is read lazily equals what JSON.parse makes, however it is spaced", () => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const wanted = value(random(seed), 4);
    for (const space of [0, 1, "\t"]) {
      const at = bytes(` ${JSON.stringify(wanted, null, space)} `);
      assert.deepEqual(made(at, nodeAt(at)), wanted);
    }
  }
});
test("a number keeps its spelling", () => {
  const at = bytes('{"n":12345678901234567890,"m":1.50e+3}');
  assert.deepEqual(
    [...walk(at, nodeAt(at))].map((child) => textOf(at, child)),
    ["12345678901234567890", "1.50e+3"],
  );
});
test("a value is found by its path", () => {
  const at = bytes('{"a":[1,{"b c":"x"}]}');
  assert.equal(textOf(at, /** @type {any} */ (locate(at, ["a", 1, "b c"]))), "x");
  assert.equal(locate(at, ["a", 2]), null);
  assert.equal(locate(at, ["a", 0, "x"]), null);
});
test("the beginning of a long string is whole characters", () => {
  for (const unit of ["é", "🦊", '\\"', "\\u00e9", "\\ud83e\\udd8a", "\\\\"]) {
    for (let most = 1; most < 40; most += 1) {
      const at = bytes(`"${unit.repeat(500)}"`);
      const whole = JSON.parse(`"${unit.repeat(500)}"`);
      const { text, cut } = beginning(at, nodeAt(at), most);
      assert.ok(cut);
      assert.ok(whole.startsWith(text) && text.length > 0, `${unit} ${most}`);
    }
  }
});
test("what is no JSON is refused", () => {
  for (const text of ['"abc', "{", '{"a" 1}', "[1,"]) assert.throws(() => made(bytes(text), nodeAt(bytes(text))), text);
});
test("children come in pages", async () => {
  const source = new BytesSource(bytes(JSON.stringify({ list: Array.from({ length: 1000 }, (_, at) => ({ at })) })));
  const root = await source.root();
  const { items } = await source.children(root, 0, 10);
  const list = /** @type {import("../../../src/graven/web/parts/json-source.js").Item} */ (items[0]);
  for (const from of [0, 255, 256, 257, 700, 995]) {
    const page = await source.children(list, from, 10);
    assert.equal(page.total, 1000);
    assert.deepEqual(
      page.items.map((item) => [item.key, item.preview]),
      Array.from({ length: Math.min(10, 1000 - from) }, (_, at) => [from + at, `{"at":${from + at}}`]),
    );
  }
  assert.deepEqual((await source.children(list, 1000, 10)).items, []);
});
test("empty containers have no children", async () => {
  for (const text of ["{}", "[]", " [ ] "]) {
    const source = new BytesSource(bytes(text));
    assert.deepEqual(await source.children(await source.root(), 0, 10), { items: [], total: 0 });
  }
});
test("a redacted value is marked", async () => {
  const source = new BytesSource(bytes('{"card":{"$redacted":{"by":"server"}},"pii": { "$sealed" : {}},"no":{"a":"$redacted"}}'));
  assert.deepEqual(
    (await source.children(await source.root(), 0, 10)).items.map((item) => item.mark),
    ["$redacted", "$sealed", ""],
  );
});
test("names and scalars are found", async () => {
  const source = new BytesSource(bytes('{"status":"Paid","lines":[{"sku":"a"},{"sku":"paid-1"}],"n":42}'));
  const paths = async (/** @type {string} */ wanted, /** @type {number} */ most) => (await source.find(wanted, most)).map((found) => found.path);
  assert.deepEqual(await paths("paid", 10), [["status"], ["lines", 1, "sku"]]);
  assert.deepEqual(await paths("sku", 10), [
    ["lines", 0, "sku"],
    ["lines", 1, "sku"],
  ]);
  assert.deepEqual(await paths("42", 10), [["n"]]);
  assert.deepEqual(await paths("sku", 1), [["lines", 0, "sku"]]);
  assert.deepEqual((await source.find("paid-1", 1))[0]?.at, [1, 1, 0]);
});
test("paths are written", () => {
  assert.equal(dotted(["input", "lines", 0, "a b"]), 'input.lines[0]["a b"]');
});
