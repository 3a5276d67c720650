import assert from "node:assert/strict";
import { stateWith } from "../../api/engine_api.ts";
import { ownFeatures } from "../../mls/group.ts";
import { placeKey, waitingKey } from "./places.ts";
import {
  type AccountMarks,
  afterReceipt,
  hasReceipts,
  marksOf,
  maxReceiptAccounts,
  maySendReceipts,
  reached,
  withMembers,
} from "./receipt_marks.ts";
import type { ConversationRecord } from "./records.ts";

const at = (place: number) => placeKey({ moves: 0 }, place, place);
const own = "00".repeat(32);
const keyOf = (index: number) => index.toString(16).padStart(64, "0");

function chatOf(accounts: number, fields: Partial<ConversationRecord> = {}): ConversationRecord {
  return {
    members: Array.from({ length: accounts }, (_, index) => ({
      username: `user${index}`,
      accountKey: keyOf(index),
      role: "member",
    })),
    features: ownFeatures,
    standing: { kind: "member" },
    invitation: false,
    leaving: false,
    ...fields,
  } as ConversationRecord;
}

const nobody = () => false;

Deno.test("CONVERSATIONS: chats of at most 32 accounts have receipts, and a group of 33 sends and shows none", () => {
  assert.equal(maySendReceipts(chatOf(maxReceiptAccounts), nobody), true);
  assert.equal(maySendReceipts(chatOf(maxReceiptAccounts + 1), nobody), false);
  assert.equal(hasReceipts(chatOf(1)), false);
  const all = Object.fromEntries(Array.from({ length: 33 }, (_, index) => [keyOf(index), { read: mark(9) }]));
  assert.deepEqual(marksOf(chatOf(33), all, own, true), { delivered: "", read: "" });
});

Deno.test("CONVERSATIONS: invitations, people who are blocked, leaving and old devices stop receipts", () => {
  assert.equal(maySendReceipts(chatOf(2, { invitation: true }), nobody), false);
  assert.equal(maySendReceipts(chatOf(2, { leaving: true }), nobody), false);
  assert.equal(maySendReceipts(chatOf(2, { standing: { kind: "left" } }), nobody), false);
  assert.equal(maySendReceipts(chatOf(3), (key) => key === keyOf(2)), false);
  assert.equal(maySendReceipts(chatOf(2, { features: ["changes"] }), nobody), false);
  assert.equal(maySendReceipts({ ...chatOf(2), features: undefined } as unknown as ConversationRecord, nobody), false);
});

const mark = (place: number) => ({ to: at(place), from: "", atMs: 1 });

Deno.test("CONVERSATIONS: marks never go back, and what was read was received", () => {
  const first = afterReceipt({}, { delivered: { order: at(5) }, read: { order: at(3) } }, 10);
  assert.deepEqual([first.delivered!.to, first.read!.to], [at(5), at(3)]);
  const back = afterReceipt(first, { delivered: { order: at(2) }, read: { order: at(1) } }, 20);
  assert.deepEqual(back, first);
  assert.deepEqual(afterReceipt(first, { delivered: undefined, read: undefined }, 20), first);
  const further = afterReceipt(first, { delivered: undefined, read: { order: at(9) } }, 30);
  assert.deepEqual(further, {
    delivered: { to: at(9), from: at(5), atMs: 30 },
    read: { to: at(9), from: at(3), atMs: 30 },
  });
  assert.deepEqual(reached(further.read, further, at(4)), { atMs: 30 });
  assert.deepEqual(reached(further.read, further, at(2)), {}, "when the receipt before came is not kept");
  assert.equal(reached(further.read, further, at(10)), false);
  assert.equal(reached(further.read, further, waitingKey(1)), false);
});

Deno.test("CONVERSATIONS: of 10,000 receipts of a member the marks alone are kept", () => {
  let marks: AccountMarks = {};
  for (let count = 1; count <= 10_000; count++) {
    const place = { order: at(count) };
    marks = afterReceipt(
      marks,
      count % 2 ? { delivered: place, read: { waiting: keyOf(count) } } : {
        delivered: { waiting: keyOf(count) },
        read: place,
      },
      count,
    );
  }
  assert.ok(JSON.stringify(marks).length < 500);
  assert.equal(marks.read!.to, at(10_000));
});

Deno.test("CONVERSATIONS: a chat is as far as the one who is behind, and a newcomer holds up nothing before it", () => {
  const chat = chatOf(3);
  const receipts = { [keyOf(1)]: { delivered: mark(5), read: mark(5) }, [keyOf(2)]: { delivered: mark(4) } };
  assert.deepEqual(marksOf(chat, receipts, own, true), { delivered: at(4), read: "" });
  assert.deepEqual(marksOf(chat, {}, own, true), { delivered: "", read: "" });
  const four = withMembers(receipts, [1, 2, 3].map(keyOf), at(8));
  assert.deepEqual(four[keyOf(3)], { since: at(8) });
  assert.deepEqual(marksOf(chatOf(4), four, own, true), { delivered: at(4), read: "" });
  assert.equal(withMembers(four, [1, 2, 3].map(keyOf), at(9)), four);
  assert.deepEqual(Object.keys(withMembers(four, [keyOf(1)], at(9))), [keyOf(1)]);
  assert.deepEqual(withMembers({}, [keyOf(1)], undefined), { [keyOf(1)]: {} });
  assert.equal(reached({ to: at(9), from: "", atMs: 1 }, four[keyOf(3)], at(7)), false);
});

Deno.test("CONVERSATIONS: who does not tell what was read sees no reading", () => {
  const receipts = { [keyOf(1)]: { delivered: mark(5), read: mark(5) } };
  assert.deepEqual(marksOf(chatOf(2), receipts, own, false), { delivered: at(5), read: "" });
});

Deno.test("CONVERSATIONS: marks are of own messages that the server has", () => {
  const marks = { delivered: at(4), read: at(2) };
  const state = (place: number, own = true) => stateWith({ own, order: at(place), state: "sent" }, marks);
  assert.deepEqual([1, 2, 3, 4, 5].map((place) => state(place)), ["read", "read", "delivered", "delivered", "sent"]);
  assert.equal(stateWith({ own: true, order: at(1), state: "failed" }, marks), "failed");
  assert.equal(stateWith({ own: true, order: waitingKey(1), state: "waiting" }, marks), "waiting");
  assert.equal(stateWith({ own: false, order: at(1), state: "received" }, marks), "received");
});
