import assert from "node:assert/strict";
import { test } from "node:test";

import { differenceOf } from "../../../src/graven/web/parts/difference.js";

const HEAD = "assert {'product': '...atus': 'open'} == {'product': '...atus': 'open'}\n  \n  Omitting 3 identical items, use -vv to show\n";

/** @type {[string, string, string][]} */
const messages = [
  ["an item of a dict", `${HEAD}  Differing items:\n  {'total_cents': 12900} != {'total_cents': 11610}\n  Use -v to get more diff`, "total_cents: 12900 ≠ 11610"],
  ["two items", `${HEAD}  Differing items:\n  {'a': 1} != {'a': 2}\n  {'b': 'x'} != {'b': 'y'}\n`, "a: 1 ≠ 2, b: 'x' ≠ 'y'"],
  ["more items than three", `assert 1\n  Differing items:\n${[1, 2, 3, 4, 5].map((n) => `  {${n}: 0} != {${n}: 9}\n`).join("")}`, "1: 0 ≠ 9, 2: 0 ≠ 9, 3: 0 ≠ 9 and 2 more"],
  ["a value that holds what stands between the two", "assert a == b\n  Differing items:\n  {'k': '} != {'} != {'k': 'y'}", "k: '} != {' ≠ 'y'"],
  ["a key with a quote and a space keeps its quotes", "assert a == b\n  Differing items:\n  {\"it's a\": {'n': 1}} != {\"it's a\": {'n': 2}}", "\"it's a\": {'n': 1} ≠ {'n': 2}"],
  ["an item that only one side has", "assert {'a': 1} == {}\n  \n  Left contains 1 more item:\n  {'a': 1}\n  Use -v to get more diff", "only left: 'a': 1"],
  ["a place in a list, and its rest", "assert [1, 2, 3] == [1, 4]\n  \n  At index 1 diff: 2 != 4\n  Left contains one more item: 3", "[1]: 2 ≠ 4, only left: 3"],
  [
    "an attribute",
    "assert P(x=1) == P(x=2)\n  \n  Omitting 1 identical items, use -vv to show\n  Differing attributes:\n  ['x']\n  \n  Drill down into differing attribute x:\n    x: 1 != 2",
    "x: 1 ≠ 2",
  ],
  ["what a person wrote comes first", "the discount is missing\nassert {'t': 1} == {'t': 2}\n  Differing items:\n  {'t': 1} != {'t': 2}", "the discount is missing: t: 1 ≠ 2"],
  ["a comparison of numbers", "assert 12900 == 11610\n +  where 12900 = total()", "assert 12900 == 11610"],
  ["any other message", "card declined\nby the issuer", "card declined"],
  ["lines that only look alike", "Differing items:\nnone worth a word", "Differing items:"],
  ["no message", "", ""],
];

for (const [name, message, expected] of messages) test(name, () => assert.equal(differenceOf(message), expected));

test("long values are cut", () => {
  const long = "9".repeat(1000);
  assert.equal(differenceOf(`assert a == b\n  Differing items:\n  {'k': ${long}} != {'k': 1}`), `k: ${"9".repeat(60)}… ≠ 1`);
  assert.equal(differenceOf(long).length, 301);
});

test("what was made of a message stays as it is", () => {
  const once = differenceOf("assert a == b\n  Differing items:\n  {'k': 2} != {'k': 1}");
  assert.equal(differenceOf(once), once);
});
