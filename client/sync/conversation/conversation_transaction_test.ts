import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import type { GroupState, Mls } from "../../mls/group.ts";
import { ConversationTransaction } from "./conversation_transaction.ts";
import type { MessageLine } from "./message_line.ts";
import { noPlaces, placeKey } from "./places.ts";
import type { ConversationRecord } from "./records.ts";

const line = {
  kind: "message" as const,
  messageId: "07".repeat(16),
  sender: "anna",
  senderKey: "aa".repeat(32),
  own: false,
  atMs: 5,
  state: "received" as const,
};

/** @param record fields of the chat as it is on disk */
function transaction(record: Partial<ConversationRecord> = {}): ConversationTransaction {
  return new ConversationTransaction({
    id: "01".repeat(32),
    record: { nextOrder: 0, activityMs: 0, unread: 0, ...record } as ConversationRecord,
    state: undefined,
    ratchetKeys: new Set(),
    pending: undefined,
    version: 1,
  }, { members: () => [], hasFreshLeaf: () => true, info: () => ({ name: "" }) } as unknown as Mls);
}

const preview = ({ record }: ConversationTransaction) => record.lastMessage && { ...record.lastMessage };

Deno.test("append() counts messages as unread when told so", () => {
  const conversation = transaction();
  conversation.append({ ...line, text: "one" }, true);
  conversation.append({ ...line, text: "two" });
  assert.equal(conversation.record.unread, 1);
  assert.deepEqual(preview(conversation), { text: "two", sender: "anna", atMs: 5, order: placeKey(noPlaces, 0, 1) });
});

Deno.test("change() of the newest message changes the chat list, that of an older one does not", () => {
  const conversation = transaction();
  const orders = ["one", "two"].map((text) => conversation.append({ ...line, text }));
  conversation.change({ ...line, order: orders[0], text: "", deleted: true });
  assert.equal(preview(conversation)!.text, "two");
  conversation.change({ ...line, order: orders[1], text: "", deleted: true });
  assert.deepEqual(preview(conversation), { text: "", deleted: true, sender: "anna", atMs: 5, order: orders[1] });
});

Deno.test("change() finds the newest message by sender and time where an old record has no place", () => {
  const lastMessage = { text: "secret", sender: "anna", atMs: 5 };
  const deleted: MessageLine = { ...line, order: "000000000007", text: "", deleted: true };
  const other = transaction({ lastMessage });
  other.change({ ...deleted, atMs: 4 });
  assert.deepEqual(preview(other), lastMessage);
  const conversation = transaction({ lastMessage });
  conversation.change(deleted);
  assert.deepEqual(preview(conversation), { text: "", deleted: true, sender: "anna", atMs: 5, order: deleted.order });
});

Deno.test("change() compares all that the chat list says, and leaves the record alone where that is the same", () => {
  const newest: MessageLine = { ...line, order: "000000000007", text: "hello" };
  const lastMessage = { text: "hello", sender: "anna", atMs: 5, order: newest.order };
  const same = transaction({ lastMessage });
  same.change({ ...newest, edited: true });
  assert.equal(same.record.lastMessage, lastMessage);
  const added = { poll: "of a kind that says more in the chat list" };
  const conversation = transaction({ lastMessage: { ...lastMessage, ...added } });
  conversation.change(newest);
  assert.deepEqual(preview(conversation), lastMessage);
});

Deno.test("moveTo() keeps when the server took the replacement, beside this device's own time", () => {
  const [left, present] = [7, 5].map((fill) => new Uint8Array(32).fill(fill));
  const conversation = transaction({ channelId: left, commits: [], members: [], standing: { kind: "member" } });
  const state = { active: true, epoch: 1n } as GroupState;
  conversation.moveTo(present, state, { hereMs: 900, serverMs: 100 }, "0a".repeat(16), toHex(left));
  const { movedMs, replaced, epochSinceMs } = conversation.record;
  assert.deepEqual({ movedMs, replaced, epochSinceMs }, {
    movedMs: 900,
    replaced: { channelId: toHex(present), atMs: 100 },
    epochSinceMs: 900,
  });
});
