import assert from "node:assert/strict";
import type { NoticeKind } from "../../api/engine_api.ts";
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
function chat(record: Partial<ConversationRecord> = {}, username = "") {
  const conversation = {
    record: { channelId: channel, nextOrder: 0, activityMs: 0, unread: 0, ...record } as ConversationRecord,
    set(fields: Partial<ConversationRecord>) {
      this.record = { ...this.record, ...fields };
    },
  };
  let arrival: Arrival | undefined;
  const changes = new LineChanges(conversation, () => arrival, username);
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
  assert.deepEqual(record().lastMessage, {
    text: "waits",
    sender: "anna",
    atMs: 9,
    own: true,
    state: "sent",
    order: placed.order,
  });
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

Deno.test("CONVERSATIONS: devices that come and go do not make a chat the newest; people and messages do", () => {
  const { changes, record } = chat();
  const notice = (notice: NoticeKind, atMs: number) =>
    changes.append({ kind: "notice", notice, values: {}, atMs }, false);
  for (const kind of ["device-added", "device-removed", "rejoined", "healed", "successor"] as const) notice(kind, 50);
  assert.equal(record().activityMs, 0);
  for (const [index, kind] of (["added", "removed", "left", "renamed", "promoted"] as const).entries()) {
    notice(kind, 60 + index);
    assert.equal(record().activityMs, 60 + index);
  }
  changes.append({ ...line, text: "own", atMs: 70 }, false);
  assert.equal(record().activityMs, 70);
});

Deno.test("CONVERSATIONS: a deleted chat is shown again with the next message, and not for a device", () => {
  const { changes, record } = chat({ cleared: true });
  changes.append({ kind: "notice", notice: "device-added", values: {}, atMs: 5 }, false);
  assert.equal(record().cleared, true);
  changes.append({ ...line, own: false, state: "received", text: "hello" }, true);
  assert.equal(record().cleared, undefined);
});

Deno.test("CONVERSATIONS: unread mentions are counted apart, and follow what becomes of their messages", () => {
  const { changes, comes, record } = chat({}, "ben");
  comes(now, "hello");
  const asked = comes(now + 1, "@Ben, are you there?");
  comes(now + 2, "@benno is");
  assert.deepEqual([record().unread, record().reading!.mentions], [3, [asked]]);
  const mentioned = { ...line, own: false, state: "received", order: asked } as const;
  changes.change({ ...mentioned, text: "never mind", edited: true });
  assert.equal(record().reading!.mentions, undefined);
  changes.change({ ...mentioned, text: "@ben?", edited: true });
  assert.deepEqual(record().reading!.mentions, [asked]);
  changes.change({ ...mentioned, text: "", deleted: true });
  assert.deepEqual([record().unread, record().reading!.mentions], [3, undefined]);
});

Deno.test("CONVERSATIONS: the list knows what became of the newest own message", () => {
  const { changes, comes, record } = chat();
  const order = changes.appendWaiting({ ...line, text: "waits" });
  assert.deepEqual([record().lastMessage!.own, record().lastMessage!.state], [true, "waiting"]);
  changes.move({ ...line, text: "waits", order: placeKey(noPlaces, now, 0), state: "sent" }, order);
  assert.deepEqual([record().lastMessage!.own, record().lastMessage!.state], [true, "sent"]);
  comes(now + 1, "an answer");
  assert.deepEqual([record().lastMessage!.own, record().lastMessage!.state], [undefined, undefined]);
});

Deno.test("CONVERSATIONS: a message brings an archived chat back in the same write", () => {
  const archived = { archived: { value: true, atMs: 1 } };
  const { comes, record } = chat({ preferences: archived });
  comes(now, "hello");
  assert.equal(record().preferences!.archived!.value, false);
});
