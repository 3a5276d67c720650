import assert from "node:assert/strict";
import { makeLog } from "./log.ts";
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

Deno.test("makeLog() writes one JSON line an event from its level on", () => {
  const lines: string[] = [];
  const log = makeLog("info", (line) => lines.push(line), () => 0);
  log("debug", "dropped");
  log("warn", "kept", { count: 2 });
  assert.deepEqual(lines.map((line) => JSON.parse(line)), [{
    time: "1970-01-01T00:00:00.000Z",
    level: "warn",
    event: "kept",
    count: 2,
  }]);
});
