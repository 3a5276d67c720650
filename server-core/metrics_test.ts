import assert from "node:assert/strict";
import { makeLog } from "../server-common/log.ts";
import { Metrics } from "./metrics.ts";

Deno.test("Metrics.render() gives counters, gauges and histograms in Prometheus' text format", () => {
  const metrics = new Metrics();
  metrics.count("calls_total", "calls", { method: "fetch", code: "ok" });
  metrics.count("calls_total", "calls", { method: "fetch", code: "ok" });
  metrics.gauge("open", "open ones", () => 7);
  metrics.observe("seconds", "time", 0.004);
  metrics.observe("seconds", "time", 0.3);
  const lines = metrics.render().split("\n");
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

Deno.test("makeLog() writes one JSON object a line, and nothing below its level", () => {
  const lines: string[] = [];
  const log = makeLog("warn", (line) => lines.push(line), () => 0);
  log.debug("a");
  log.info("b");
  log.warn("c", { port: 1, absent: undefined });
  log.error("d\nd");
  assert.deepEqual(lines.map((line) => JSON.parse(line)), [
    { time: "1970-01-01T00:00:00.000Z", level: "warn", event: "c", port: 1 },
    { time: "1970-01-01T00:00:00.000Z", level: "error", event: "d\nd" },
  ]);
  assert.ok(lines.every((line) => !line.includes("\n")));
});
