import assert from "node:assert/strict";
import { type Arrival, LineChanges } from "./line_changes.ts";
import type { MessageLine } from "./message_line.ts";
import { noPlaces, placeKey, waitingKey } from "./places.ts";
import type { ConversationRecord } from "./records.ts";

const [channel, other] = [7, 8].map((fill) => new Uint8Array(32).fill(fill));
const nowMs = 1_800_000_000_000;
const now = nowMs * 1_024;

const line = {
  kind: "message" as const,
  messageId: "07".repeat(16),
  sender: "anna",
  senderKey: "aa".repeat(32),
  own: true,
  atMs: 5,
  state: "waiting" as const,
};

/** @param at what comes now: its place, or a local line */
function chat(record: Partial<ConversationRecord> = {}) {
  const conversation = {
    record: { channelId: channel, nextOrder: 0, activityMs: 0, unread: 0, ...record } as ConversationRecord,
    set(fields: Partial<ConversationRecord>) {
      this.record = { ...this.record, ...fields };
    },
  };
  let arrival: Arrival | undefined;
  const changes = new LineChanges(conversation, () => arrival);
  const comes = (place: number | undefined, text: string, channelId = channel) => {
    arrival = place === undefined ? undefined : { channelId, said: { place, receivedMs: nowMs }, nowMs };
    return changes.append({ ...line, text, state: "received", own: false }, true);
  };
  return { changes, comes, record: () => conversation.record };
}

Deno.test("PEOPLE B2: a line stands at its entry's place, and never before what came earlier", () => {
  const { comes, record } = chat();
  const orders = [comes(now, "first"), comes(now - 5, "false"), comes(now + 3, "third"), comes(2 ** 53, "no place")];
  assert.deepEqual(orders, [
    placeKey(noPlaces, now, 0),
    placeKey(noPlaces, now, 1),
    placeKey(noPlaces, now + 3, 2),
    placeKey(noPlaces, now + 3, 3),
  ]);
  assert.deepEqual(record().places, { moves: 0, received: now + 3, head: now + 3 });
  assert.deepEqual([record().unread, record().lastMessage!.text], [4, "no place"]);
});

Deno.test("PEOPLE B2: a line of the device itself stands behind all that have a place, own messages too", () => {
  const { changes, comes, record } = chat();
  comes(now, "first");
  changes.notePlace(now + 9);
  assert.equal(comes(undefined, "local"), placeKey(noPlaces, now + 9, 1));
  assert.equal(comes(now + 5, "another channel's", other), placeKey(noPlaces, now + 9, 2));
  assert.equal(comes(now + 4, "crossed with the own message"), placeKey(noPlaces, now + 4, 3));
  assert.equal(record().lastMessage!.text, "another channel's", "the newest by its place");
});

Deno.test("PEOPLE B2: what waits is last, and what comes goes before it", () => {
  const { changes, comes, record } = chat();
  const order = changes.appendWaiting({ ...line, text: "waits" });
  assert.equal(order, waitingKey(0));
  comes(now, "comes");
  assert.equal(record().lastMessage!.text, "waits");
  const placed: MessageLine = { ...line, state: "sent", text: "waits", order: placeKey(noPlaces, now + 1, 0), atMs: 9 };
  assert.equal(changes.move(placed, order), true);
  assert.deepEqual(changes.lines.map((changed) => changed.order), [placeKey(noPlaces, now, 1), placed.order]);
  assert.deepEqual([changes.hasLeft(order), changes.hasLeft(placed.order)], [true, false]);
  assert.deepEqual(record().lastMessage, { text: "waits", sender: "anna", atMs: 9, order: placed.order });
  assert.equal(record().activityMs, 9);
});

Deno.test("PEOPLE B2: a line that leaves its place is deleted there and written at the new one", () => {
  const { changes } = chat();
  changes.move({ ...line, text: "moves", order: "b" }, "a");
  const written: string[] = [];
  changes.writeTo(
    {
      put: (_store, key) => void written.push(`put ${key}`),
      delete: (_store, key) => void written.push(`delete ${key}`),
      onceStored: () => {},
    },
    "chat",
    channel,
  );
  assert.deepEqual(written, ["delete chat/a", "put chat/b"]);
});
