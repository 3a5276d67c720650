import assert from "node:assert/strict";
import type { Mls } from "../../mls/group.ts";
import { ConversationTransaction } from "./conversation_transaction.ts";
import { missedKey, type MissedRecord, noteFound, noteMissed } from "./missed_messages.ts";
import type { ConversationRecord } from "./records.ts";
import { UnitOfWork } from "./unit_of_work.ts";

const chatId = "07".repeat(32);
const dayMs = 24 * 3_600_000;
const store = { store: { get: () => Promise.resolve(undefined) } };

/** A conversation in one unit, so that nothing is read from the disk. */
function conversation() {
  const unit = new UnitOfWork(
    () => Promise.resolve(undefined),
    () => Promise.reject(),
    () => undefined,
    () => undefined,
  );
  const transaction = new ConversationTransaction({
    id: chatId,
    record: { nextOrder: 0, activityMs: 0, unread: 0 } as ConversationRecord,
    state: undefined,
    ratchetKeys: new Set(),
    pending: undefined,
    version: 1,
  }, { members: () => [] } as unknown as Mls);
  const key = (number: number) => missedKey(chatId, "aa".repeat(32), number.toString(16).padStart(32, "0"));
  return {
    key,
    miss: (number: number, nowMs = 0) =>
      noteMissed(store, unit, transaction, key(number), { epoch: 1, receivedMs: 5, device: "bb", nowMs }),
    find: (number: number) => noteFound(store, unit, transaction, key(number)),
    stored: (number: number) => unit.peek("messageids", key(number))?.value as MissedRecord | undefined,
    /** The lines as they are in the end. */
    lines: () => {
      const last = new Map(transaction.lines.map((line) => [line.order, line]));
      return [...last.values()].flatMap((line) => line.kind === "notice" ? [[line.notice, line.values.count]] : []);
    },
  };
}

Deno.test("noteMissed() counts a message once, and noteFound() gives back the place that was kept for it", async () => {
  const { miss, find, lines } = conversation();
  await miss(1);
  await miss(2);
  await miss(1);
  assert.deepEqual(lines(), [["unopened", "2"]]);
  const [first, second] = [await find(1), await find(2)];
  assert.ok(first!.order < first!.line && first!.line < second!.order, "where they would stand");
  assert.deepEqual(lines(), [["reopened", "2"]]);
  assert.equal(await find(1), undefined);
});

Deno.test("noteMissed() begins another line after 24 h, and after all of a line have come", async () => {
  const { miss, find, lines } = conversation();
  await miss(1, 0);
  await miss(2, dayMs - 1);
  await miss(3, dayMs);
  assert.deepEqual(lines(), [["unopened", "2"], ["unopened", "1"]]);
  await find(3);
  await miss(4, dayMs + 1);
  await find(1);
  assert.deepEqual(lines(), [["unopened", "1"], ["reopened", "1"], ["unopened", "1"]]);
});

Deno.test("noteMissed() keeps records of 1,000 messages of a line, and counts on", async () => {
  const { miss, stored, lines } = conversation();
  for (let number = 1; number <= 1_001; number++) await miss(number);
  assert.deepEqual(lines(), [["unopened", "1001"]]);
  assert.ok(stored(1_000));
  assert.equal(stored(1_001), undefined);
});
