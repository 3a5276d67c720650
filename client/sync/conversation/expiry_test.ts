import assert from "node:assert/strict";
import {
  expiresIn,
  isOfIndex,
  overPrefix,
  putIntoIndex,
  stayOf,
  takeFromIndex,
  unreadPrefix,
  withEnd,
} from "./expiry.ts";
import type { MessageLine } from "./message_line.ts";

const line = (fields: Partial<MessageLine>): MessageLine => ({
  kind: "message",
  messageId: "00",
  order: "o",
  sender: "anna",
  senderKey: "aa",
  own: false,
  atMs: 1_000,
  state: "received",
  text: "hello",
  ...fields,
});

function indexOf(fields: Partial<MessageLine>): string[] {
  const keys = new Set<string>();
  const unit = { put: (_store: string, key: string) => void keys.add(key) };
  putIntoIndex(unit, "c", line(fields));
  const put = [...keys];
  takeFromIndex({ delete: (_store, key) => void keys.delete(key) }, "c", line(fields));
  assert.equal(keys.size, 0, "all of it is taken out again");
  return put;
}

Deno.test("CONVERSATIONS: a message says the chat's timer, in seconds from its reading on", () => {
  assert.equal(expiresIn({}), undefined);
  assert.equal(expiresIn({ data: { description: "Hills" } }), undefined);
  assert.deepEqual(expiresIn({ data: { timerMs: 30_000 } }), { relative: true, time: 30 });
});

Deno.test("CONVERSATIONS: an end in the past or at once is 30 s, an absolute one counts from the arrival", () => {
  assert.equal(stayOf(undefined, 0), undefined);
  assert.deepEqual(stayOf({ relative: true, time: 0 }, 5_000), { timerMs: 30_000, fromArrival: false });
  assert.deepEqual(stayOf({ relative: true, time: 60 }, 5_000), { timerMs: 60_000, fromArrival: false });
  assert.deepEqual(stayOf({ relative: false, time: 100 }, 5_000), { timerMs: 95_000, fromArrival: true });
  assert.deepEqual(stayOf({ relative: false, time: 0 }, 5_000), { timerMs: 30_000, fromArrival: true });
});

Deno.test("CONVERSATIONS: a line's time begins once", () => {
  assert.equal(withEnd(line({}), 10).untilMs, undefined);
  const begun = withEnd(line({ timerMs: 30_000 }), 10);
  assert.equal(begun.untilMs, 30_010);
  assert.equal(withEnd(begun, 20_000).untilMs, 30_010);
});

Deno.test("CONVERSATIONS: the index has lines with a timer, by their end or as unread, but none that waits", () => {
  assert.deepEqual(indexOf({}), []);
  assert.deepEqual(indexOf({ timerMs: 30_000 }), [`${unreadPrefix("c")}o`]);
  assert.deepEqual(indexOf({ timerMs: 30_000, own: true, state: "waiting" }), []);
  assert.deepEqual(indexOf({ timerMs: 30_000, own: true, state: "failed" }), []);
  const [early] = indexOf({ timerMs: 30_000, untilMs: 9_999 });
  const [late] = indexOf({ timerMs: 30_000, untilMs: 10_000_000 });
  assert.ok(early < late && early.startsWith(overPrefix), "in the order of time");
  assert.ok([early, unreadPrefix("c")].every(isOfIndex));
});
