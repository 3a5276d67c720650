import assert from "node:assert/strict";
import { timesOf } from "./message_times.ts";

const minuteMs = 60_000;
const atMs = Date.UTC(2026, 4, 5, 12);

Deno.test("CONVERSATIONS: the info of a message says when it was written and sent, where that differs", () => {
  const sent = { own: true, state: "sent", atMs } as const;
  const writtenMs = atMs - 5 * minuteMs;
  assert.deepEqual(timesOf(sent, writtenMs), [{ what: "written", atMs: writtenMs }, { what: "sent", atMs }]);
  assert.deepEqual(timesOf(sent, atMs), [{ what: "sent", atMs }]);
  assert.deepEqual(timesOf(sent, undefined), [{ what: "sent", atMs }]);
  assert.deepEqual(timesOf({ ...sent, state: "waiting" }, writtenMs), [{ what: "written", atMs }]);
  assert.deepEqual(timesOf({ own: false, state: "received", atMs }, writtenMs), [{ what: "received", atMs }]);
});
