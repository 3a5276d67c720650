import assert from "node:assert/strict";
import { Metrics } from "./metrics.ts";

Deno.test("Metrics counts and renders the Prometheus text format", async () => {
  const metrics = new Metrics();
  metrics.add("qpq_gateway_calls", 3);
  metrics.add("qpq_gateway_calls", -1);
  metrics.add("qpq_gateway_calls_total");
  const text = await metrics.render();
  assert.match(text, /# TYPE qpq_gateway_calls gauge\nqpq_gateway_calls 2\n/);
  assert.match(text, /# TYPE qpq_gateway_calls_total counter\nqpq_gateway_calls_total 1\n/);
});
