import assert from "node:assert/strict";
import { makeLog } from "./log.ts";

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
