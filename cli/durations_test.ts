import assert from "node:assert/strict";
import { readDuration, readTimer, writeDuration, writeTimer } from "./durations.ts";

Deno.test("CONVERSATIONS: durations of the command line are read and written in whole units", () => {
  for (
    const [written, ms] of [["30s", 30_000], ["5m", 300_000], ["1d", 86_400_000], ["4w", 28 * 86_400_000]] as const
  ) {
    assert.equal(readDuration(written), ms);
    assert.equal(writeDuration(ms), written);
  }
  assert.equal(writeDuration(90_000), "90s");
  for (const wrong of ["", "1", "d", "1 d", "-1d", "1.5h", "1y", "0x1d", "9999999999s"]) {
    assert.equal(readDuration(wrong), undefined, wrong);
  }
});

Deno.test("CONVERSATIONS: a timer of the command line is a duration or off", () => {
  assert.equal(readTimer("off"), undefined);
  assert.equal(readTimer("1h"), 3_600_000);
  assert.equal(readTimer("soon"), "wrong");
  assert.equal(writeTimer(undefined), "off");
  assert.equal(writeTimer(3_600_000), "1h");
});
