import assert from "node:assert/strict";
import { errorFields, makeLog } from "./log.ts";

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

Deno.test("SERVERS 5: a log line is bounded, and has no text that the runtime quotes in its errors", () => {
  const lines: string[] = [];
  const log = makeLog("debug", (line) => lines.push(line), () => 0);
  const foreign = "https://" + "\u0001 foreign".repeat(4_000);
  for (const fails of [() => new URL(foreign), () => JSON.parse(foreign), () => decodeURIComponent("%foreign")]) {
    try {
      fails();
      assert.fail("nothing was thrown");
    } catch (error) {
      log.error("fault", errorFields(error));
    }
  }
  log.debug("text", { foreign });
  for (const line of lines) assert.ok(line.length < 14_000, `${line.length} characters`);
  for (const line of lines.slice(0, 3)) assert.doesNotMatch(line, /foreign/);
  assert.match(lines[0], /"error":"TypeError","stack":" +at .*log_test\.ts/);
  assert.equal(errorFields(new Error("no space")).error, "Error: no space");
});
