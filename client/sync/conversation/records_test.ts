import assert from "node:assert/strict";
import { type ConversationRecord } from "./records.ts";
import { conversationFromStored, conversationToStored, type StoredConversation } from "./stored_conversation.ts";
import { outboxFromStored, outboxToStored, type StoredOutbox } from "./outbox_record.ts";

const stored: StoredConversation = {
  v: 1,
  channelId: new Uint8Array(32).fill(7),
  firstChannelId: new Uint8Array(32).fill(7),
  kind: "group",
  name: "Board games",
  hidden: false,
  active: true,
  broken: { code: "header", epoch: 4, need: "reseal" },
  leaving: false,
  invitation: true,
  mustAccept: true,
  unread: 2,
  activityMs: 5,
  nextOrder: 9,
  epoch: 3,
  epochSinceMs: 4,
  ownSent: 1,
  commits: [{ n: 3, commitId: "07" }],
  superseded: "08",
  movedMs: 6,
};

Deno.test("a conversation keeps its property names on disk, and its members apart", () => {
  const members = [{ username: "anna", accountKey: "01", role: "admin" as const }];
  const record: ConversationRecord = { ...conversationFromStored({ ...stored, members }), members };
  assert.deepEqual(record.standing, { kind: "out-of-step", desync: stored.broken });
  assert.equal(record.needsAcceptance, true);
  assert.deepEqual(conversationToStored(record), stored);
});

Deno.test("chatToStored() writes no property for an absent optional value", () => {
  const { broken: _broken, mustAccept: _mustAccept, ...plain } = stored;
  const record: ConversationRecord = { ...conversationFromStored(plain), members: [] };
  assert.deepEqual(Object.keys(conversationToStored(record)).sort(), Object.keys(plain).sort());
});

Deno.test("outboxFromStored() and outboxToStored() keep the property names on disk", () => {
  const waiting: StoredOutbox = {
    chatId: "07",
    messageId: "01",
    order: "1",
    kind: "message",
    content: new Uint8Array(1),
    againMs: 0,
    notFor: ["ee"],
  };
  const record = outboxFromStored(waiting);
  assert.deepEqual([record.resendSinceMs, record.excludedAccounts], [0, ["ee"]]);
  assert.deepEqual(outboxToStored(record), waiting);
  const { againMs: _againMs, notFor: _notFor, ...plain } = waiting;
  assert.deepEqual(Object.keys(outboxToStored(outboxFromStored(plain))), Object.keys(plain));
});
