import assert from "node:assert/strict";
import { Metrics } from "./metrics.ts";

Deno.test("Metrics.render() gives counters, gauges and histograms in Prometheus' text format", async () => {
  const metrics = new Metrics();
  metrics.count("calls_total", "calls", { method: "fetch", code: "ok" });
  metrics.count("calls_total", "calls", { method: "fetch", code: "ok" });
  metrics.gauge("open", "open ones", () => 7);
  metrics.observe("seconds", "time", 0.004);
  metrics.observe("seconds", "time", 0.3);
  const lines = (await metrics.render()).split("\n");
  for (
    const line of [
      "# HELP calls_total calls",
      "# TYPE calls_total counter",
      'calls_total{method="fetch",code="ok"} 2',
      "# TYPE open gauge",
      "open 7",
      "# TYPE seconds histogram",
      'seconds_bucket{le="0.0025"} 0',
      'seconds_bucket{le="0.005"} 1',
      'seconds_bucket{le="0.5"} 2',
      'seconds_bucket{le="+Inf"} 2',
      "seconds_sum 0.304",
      "seconds_count 2",
    ]
  ) assert.ok(lines.includes(line), line);
});
