import assert from "node:assert/strict";
import { test } from "node:test";

import { sentenceOf, sentenceText } from "../../../src/graven/web/parts/sentence.js";

/** @param {Record<string, unknown>} row @returns {import('../../../src/graven/web/parts/row.js').Row} */
const row = (row) =>
  /** @type {any} */ ({ index: 1, received: "2026-11-22T20:01:02.000000000Z", id: "x", source: "s", format: "event/1", actor: { id: "alice" }, ...row });

/** @type {[string, Record<string, unknown>, string][]} */
const sentences = [
  ["an action and its target", { action: "order.create", targets: [{ type: "order", id: "42" }] }, "alice created order 42"],
  ["a target of another type", { action: "refund.create", targets: [{ type: "order", id: "9" }] }, "alice created refund on order 9"],
  [
    "a name is shown before an id",
    { action: "order.create", actor: { id: "u1", name: "Bob" }, targets: [{ type: "order", id: "42", name: "lamp" }] },
    "Bob created order lamp",
  ],
  [
    "what was denied",
    { action: "refund.create", outcome: "denied", actor: { id: "u-17" }, targets: [{ type: "order", id: "9" }] },
    "u-17 was denied refund.create on order 9",
  ],
  [
    "what failed, and why",
    { action: "order.create", outcome: "failure", error: { type: "CardDeclined", message: "card declined\nby issuer" }, targets: [{ type: "order", id: "9" }] },
    "alice failed to create order 9: CardDeclined card declined by issuer",
  ],
  ["a verb of two words", { action: "user.change_address", targets: [{ type: "user", id: "u-3" }] }, "alice changed address of user u-3"],
  ["no target", { action: "cache.flush" }, "alice flushed cache"],
  ["an action that is no verb", { action: "job.status", targets: [{ type: "job", id: "7" }] }, "alice did job.status on job 7"],
  ["an action in the past tense", { action: "order.created", targets: [{ type: "order", id: "7" }] }, "alice created order 7"],
  [
    "somebody acting for somebody",
    { action: "order.ship", behalf: [{ id: "carol" }], targets: [{ type: "order", id: "7" }] },
    "alice for carol shipped order 7",
  ],
  ["behalf as an id", { action: "order.ship", behalf: "carol", targets: [{ type: "order", id: "7" }] }, "alice for carol shipped order 7"],
  ["more targets than two", { action: "cart.add", targets: [{ type: "sku", id: "a" }, { id: "b" }, { id: "c" }] }, "alice added cart on sku a and 2 more"],
  ["a message", { action: "order.view", message: "from the list", targets: [{ type: "order", id: "7" }] }, "alice viewed order 7 – from the list"],
  [
    "a test case",
    {
      action: "test.case.finish",
      outcome: "failure",
      duration_ns: 1.2e9,
      qa: { test: "t.py::test_pays", status: "failed" },
      error: { type: "AssertionError", message: "assert 1 == 2" },
    },
    "test_pays failed in 1.2 s: AssertionError assert 1 == 2",
  ],
  [
    "a run that starts",
    { action: "test.run.start", qa: { run: "ci-118", environment: "staging", branch: "main" } },
    "alice started run ci-118 on main in staging",
  ],
  ["a run that ends", { action: "test.run.finish", qa: { run: "ci-118", status: "passed" }, duration_ns: 65e9 }, "run ci-118 passed in 1 min 5 s"],
  [
    "a request",
    { action: "http.request", outcome: "failure", method: { operation: "POST", uri: "/orders" }, duration_ns: 12e6 },
    "alice requested POST /orders → failure in 12 ms",
  ],
  ["a statement", { action: "sql.statement", method: { operation: "SELECT", statement: "select *\n from orders" } }, "alice ran select * from orders"],
  [
    "a statement that the row does not tell",
    { action: "sql.statement", method: { protocol: "sqlite", operation: "SELECT", uri: "shop.db" } },
    "alice ran SELECT shop.db",
  ],
  ["a login", { action: "session.login", outcome: "success" }, "alice logged in"],
  ["a login that failed", { action: "session.login", outcome: "failure", error: { message: "wrong password" } }, "alice failed to log in: wrong password"],
  ["a login that was refused", { action: "session.login", outcome: "denied" }, "alice was refused to log in"],
  ["a token", { action: "token.create", targets: [{ type: "token", id: "tok_1" }] }, "alice created token tok_1"],
  ["the server", { action: "server.start", actor: { type: "system", id: "graven" } }, "graven started"],
  ["settings", { action: "settings.change", actor: { type: "system", id: "graven" } }, "graven changed the settings"],
  [
    "what was searched for",
    { action: "events.search", targets: [{ type: "log", id: "shop" }], attributes: { query: "actor:bob", count: 3, first: 1, last: 9 } },
    "alice searched log shop for actor:bob, 3 found",
  ],
  ["which event was read", { action: "events.view", targets: [{ type: "log", id: "shop" }], attributes: { first: 7, last: 7 } }, "alice read event 7 of log shop"],
  ["what was counted", { action: "events.count", targets: [{ type: "log", id: "shop" }], attributes: { query: "a:b" } }, "alice counted in log shop what matches a:b"],
  ["a search", { action: "events.search", targets: [{ type: "log", id: "shop" }] }, "alice searched log shop"],
  [
    "the reading of one entry",
    {
      action: "entry.read",
      targets: [
        { type: "log", id: "shop" },
        { type: "entry", id: "7" },
      ],
    },
    "alice read entry 7 of log shop",
  ],
  ["kubernetes", { action: "k8s.pods.exec.create", outcome: "success", targets: [{ type: "pods", id: "web-1" }] }, "alice created k8s pods exec web-1"],
  ["a log line", { action: "log.record", message: "disk is full" }, "alice logged disk is full"],
  [
    "undeclared input and output",
    { action: "io.undeclared", method: { operation: "file.write", uri: "/tmp/x" } },
    "alice did undeclared I/O file.write /tmp/x",
  ],
  ["an anonymous visitor", { action: "catalog.view", actor: { id: "anonymous", type: "anonymous" } }, "an anonymous visitor viewed catalog"],
  ["quarantine", { action: "", format: "quarantine/1", actor: undefined }, "Something was set aside"],
  [
    "why it was set aside",
    { action: "entry.quarantine", format: "quarantine/1", outcome: "error", message: "item 0 has the source and id of entry 0, with other data" },
    "Something was set aside: item 0 has the source and id of entry 0, with other data",
  ],
  [
    "what differs before what was compared",
    {
      action: "test.case.finish",
      qa: { test: "t.py::test_pays", status: "failed" },
      error: { type: "AssertionError", message: "assert {'a': '...n'} == {'a': '...n'}\n  Differing items:\n  {'total_cents': 12900} != {'total_cents': 11610}" },
    },
    "test_pays failed: AssertionError total_cents: 12900 ≠ 11610",
  ],
];

for (const [name, fields, expected] of sentences) {
  test(`a sentence says ${name}`, () => assert.equal(sentenceText(row(fields)), expected));
}

test("the spans of a sentence narrow the search to what they say", () => {
  const spans = sentenceOf(row({ action: "order.create", targets: [{ type: "order", id: "42" }] }));
  assert.deepEqual(
    spans.filter((span) => span.field).map((span) => [span.field, span.value]),
    [
      ["actor", "alice"],
      ["action", "order.create"],
      ["target", "order/42"],
    ],
  );
});

test("a long note is cut", () => {
  assert.ok(sentenceText(row({ action: "x.create", message: "y".repeat(10_000) })).length < 500);
});

test("an event with nothing but its action is a sentence", () => {
  assert.equal(sentenceText(row({ action: "x", actor: undefined })), "somebody did x");
});

test("names of Object.prototype are no templates", () => {
  assert.equal(sentenceText(row({ action: "constructor" })), "alice did constructor");
});
