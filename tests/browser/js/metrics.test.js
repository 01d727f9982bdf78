/** What the page Integrity reads of /metrics. */

import assert from "node:assert/strict";
import test from "node:test";

import { metric, parseMetrics, quantile, total } from "../../../src/graven/web/pages/integrity/metrics.js";

const TEXT = `# HELP x y
graven_log_size{log="default"} 12.0
graven_log_size{log="a\\"b"} 3.0
graven_up 1.0
graven_refused_requests_total{code="a"} 2.0
graven_refused_requests_total{code="b"} 3.0
t_bucket{le="0.001"} 5.0
t_bucket{le="0.5"} 99.0
t_bucket{le="+Inf"} 100.0
`;
const SAMPLES = parseMetrics(TEXT);

test("samples are found by name and labels", () => {
  assert.equal(metric(SAMPLES, "graven_log_size", { log: "default" }), 12);
  assert.equal(metric(SAMPLES, "graven_log_size", { log: 'a"b' }), 3);
  assert.equal(metric(SAMPLES, "graven_up"), 1);
  assert.equal(metric(SAMPLES, "graven_log_size", { log: "none" }), null);
});

test("a sum goes over all labels, and is zero for what is not there", () => {
  assert.equal(total(SAMPLES, "graven_refused_requests_total"), 5);
  assert.equal(total(SAMPLES, "nothing"), 0);
});

test("a quantile is the border of its bucket, and unknown without samples", () => {
  assert.equal(quantile(SAMPLES, "t", 0.05), 0.001);
  assert.equal(quantile(SAMPLES, "t", 0.5), 0.5);
  assert.equal(quantile(SAMPLES, "t", 1), Infinity);
  assert.equal(quantile(parseMetrics(""), "t", 0.5), null);
});
