import assert from "node:assert/strict";
import { test } from "node:test";

import { brief, differing, gist } from "../../../src/graven/web/parts/assertion.js";

const ORDER = `assert {'product': '...atus': 'open'} == {'product': '...atus': 'open'}
  
  Omitting 3 identical items, use -vv to show
  Differing items:
  {'total_cents': 12900} != {'total_cents': 11610}
  Use -v to get more diff`;

/** @type {[string, string, string][]} */
const messages = [
  ["an item that differs", ORDER, "total_cents: 12900 ≠ 11610"],
  ["what the test says about it comes after it", `the discount is missing\n${ORDER}`, "total_cents: 12900 ≠ 11610 – the discount is missing"],
  ["without the line that asserts", "the orders differ\nDiffering items:\n{'a': 1} != {'a': 2}", "a: 1 ≠ 2"],
  ["several items", "assert a == b\n  Differing items:\n  {'a': 1} != {'a': 2}\n  {3: 'x'} != {3: 'y'}\n  Full diff:", "a: 1 ≠ 2, 3: 'x' ≠ 'y'"],
  ["more than three", `assert a == b\nDiffering items:\n${[1, 2, 3, 4, 5].map((n) => `{'k${n}': 1} != {'k${n}': 2}`).join("\n")}`, "k1: 1 ≠ 2, k2: 1 ≠ 2, k3: 1 ≠ 2 and 2 more"],
  ["braces, colons and quotes in it", `assert a == b\nDiffering items:\n{"it's: {": {'b': ' != '}} != {"it's: {": {'b': 1}}`, "it's: {: {'b': ' != '} ≠ {'b': 1}"],
  ["a message that was cut", "assert a == b\nDiffering items:\n{'a': 'x'} != {'a': 'yyy…", "a: 'x' ≠ 'yyy…"],
  ["lines as a report marks them", "E   assert {'a': 1} == {'a': 2}\nE     Differing items:\nE     {'a': 1} != {'a': 2}", "a: 1 ≠ 2"],
  ["an element of a list", "assert [1, 2] == [1, 3]\n  \n  At index 1 diff: 2 != 3\n  Use -v to get more diff", "[1]: 2 ≠ 3"],
  ["an attribute", "assert A(b='x') == A(b='y')\n  Differing attributes:\n  ['b']\n  \n  Drill down into differing attribute b:\n    b: 'x' != 'y'", "b: 'x' ≠ 'y'"],
  ["what one side has alone", "assert {'a': 1} == {}\n  Left contains 1 more item:\n  {'a': 1}", "only left: {'a': 1}"],
  ["what a longer list has alone", "assert [1] == [1, 2]\n  Right contains one more item: 2", "only right: 2"],
];
for (const [name, message, expected] of messages) test(`of a comparison: ${name}`, () => assert.equal(gist(message), expected));

test("long values begin shortly before they differ", () => {
  const same = "a".repeat(100);
  assert.equal(gist(`assert x == y\nDiffering items:\n{'k': '${same}1'} != {'k': '${same}2'}`), `k: …${"a".repeat(12)}1' ≠ …${"a".repeat(12)}2'`);
});
test("other messages stay as they are", () => {
  for (const message of ["", "card declined", "assert 12900 == 11610", "a != b", "assert 'x' != 'x'"]) {
    assert.equal(gist(message), message);
    assert.equal(differing(message), "");
  }
});

test("a heading has one line, whatever the message", () => {
  assert.equal(brief("\n  boom\nand more"), "  boom");
  assert.equal(brief("assert a == b\n  Differing items:\n  {'k': 2} != {'k': 1}"), "k: 2 ≠ 1");
  assert.equal(brief(""), "");
});
