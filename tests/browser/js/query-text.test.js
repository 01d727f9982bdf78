import assert from "node:assert/strict";
import { test } from "node:test";

import * as query from "../../../src/graven/web/parts/query-text.js";

/** @param {string} text */
const kinds = (text) => query.tokens(text).map((token) => `${token.kind} ${text.slice(token.from, token.to)}`);

test("tokens of a query", () => {
  assert.deepEqual(kinds('actor:alice -env:dev duration>=2s "card declined" (a OR b)'), [
    "field actor",
    "operator :",
    "value alice",
    "not -",
    "field env",
    "operator :",
    "value dev",
    "field duration",
    "operator >=",
    "value 2s",
    'quoted "card declined"',
    "group (",
    "word a",
    "keyword OR",
    "word b",
    "group )",
  ]);
});
test("paths are fields", () => {
  assert.deepEqual(kinds('input.lines[].sku:SKU-1 labels.a/b:x input."a b"[0]>3'), [
    "field input.lines[].sku",
    "operator :",
    "value SKU-1",
    "field labels.a/b",
    "operator :",
    "value x",
    'field input."a b"[0]',
    "operator >",
    "value 3",
  ]);
});
test("an unfinished quote is bad and nothing fails", () => {
  assert.deepEqual(kinds('a "b c'), ["word a", 'bad "b c']);
  for (const text of ["", "(", ":", "-", '"', "a:", "a:(", "- -", 'a:"', "\\", "x[].:", "🦊:🦊"]) query.tokens(text);
});
test("tokens cover all but white space, in order", () => {
  for (const text of ["a:b  c", 'x:(a OR "b")', "--a", "a-b", "a:-5", '"\\""x']) {
    let at = 0;
    for (const token of query.tokens(text)) {
      assert.equal(text.slice(at, token.from).trim(), "");
      at = token.to;
    }
    assert.equal(text.slice(at).trim(), "");
  }
});
test("a value is quoted when it must be", () => {
  assert.equal(query.term("actor", "alice"), "actor:alice");
  assert.equal(query.term("target", "order/42"), "target:order/42");
  assert.equal(query.term("actor", 'a b"c\\'), 'actor:"a b\\"c\\\\"');
  assert.equal(query.term("id", "a..b"), 'id:"a..b"');
  assert.equal(query.term("test", "t[x*]"), 'test:"t[x*]"');
  assert.equal(query.term("x", ""), 'x:""');
  assert.equal(query.term("x", "-5"), 'x:"-5"');
});
test("terms are added, replaced by their opposite, and removed", () => {
  assert.equal(query.add("", "a:b"), "a:b");
  assert.equal(query.add("c", "a:b"), "c a:b");
  assert.equal(query.add("c a:b", "a:b"), "c a:b");
  assert.equal(query.add("c a:b d", "-a:b"), "c d -a:b");
  assert.equal(query.remove("c a:b d", "a:b"), "c d");
  assert.equal(query.toggle("c a:b d", "a:b"), "c d");
  assert.equal(query.toggle("c", "-a:b"), "c -a:b");
});
test("a query with OR is put in parentheses", () => {
  assert.equal(query.add("a OR b", "x:1"), "(a OR b) x:1");
  assert.equal(query.add("(a OR b) c", "x:1"), "(a OR b) c x:1");
});
test("terms at the top", () => {
  assert.deepEqual(
    query.terms('a -b:c d:(x OR y) "q r" NOT z').map((one) => one.text),
    ["a", "-b:c", "d:(x OR y)", '"q r"', "NOT z"],
  );
});
test("the field of a path", () => {
  assert.equal(query.pathField("input", ["lines", 0, "sku"]), "input.lines[].sku");
  assert.equal(query.pathField("output", ["a b", "c.d", "e"]), 'output."a b"."c.d".e');
  assert.equal(query.pathField("labels", ["a.b"]), "labels.a.b");
});
