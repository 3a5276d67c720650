import assert from "node:assert/strict";
import { fromHex, toHex } from "../../../schema/bytes.ts";
import type { Wait } from "../../content/content_kind.ts";
import { deleteKind } from "../../content/kinds/delete.ts";
import { editKind } from "../../content/kinds/edit.ts";
import { encodeMimiContent } from "../../content/mimi_content.ts";
import { readContent } from "../../content/registry.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { keys } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import { UnitOfWork } from "../conversation/unit_of_work.ts";
import { type EarlyChange, EarlyChanges } from "./early_changes.ts";

const chatId = "07".repeat(32);
const message = idOf(0);

function idOf(place: number): string {
  return `01${place.toString(16).padStart(62, "0")}`;
}

/** A conversation in which nothing waits yet, and changes for it. */
function waiting() {
  const unit = new UnitOfWork(
    () => Promise.resolve(undefined),
    () => Promise.reject(),
    () => undefined,
    () => undefined,
  );
  const conversation = {
    id: chatId,
    record: { aheadUntilMs: undefined as number | undefined },
    set: (fields: object) => Object.assign(conversation.record, fields),
  };
  const store = { get: () => Promise.resolve(undefined) };
  const context = { store, account: { clock: { now: () => 1_000 } } } as unknown as SyncContext;
  let made = 0;
  return {
    unit,
    early: new EarlyChanges(context, unit, conversation as unknown as ConversationTransaction),
    /** @param account a number @param content the container */
    change(account: number, content: Uint8Array<ArrayBuffer>): EarlyChange {
      made++;
      const senderKey = account.toString(16).padStart(64, "0");
      return { id: idOf(made), messageId: "", sender: `member${account}`, senderKey, atMs: made, content };
    },
  };
}

const replaces = fromHex(message);
const salt = new Uint8Array(16);
const edit = encodeMimiContent(editKind.write({ text: "words", replaces }, salt));
const edits: Wait = { kind: "wait", edits: true };
const deletes: Wait = { kind: "wait", deletes: true };
const deletion = encodeMimiContent(deleteKind.write({ replaces }, salt));

Deno.test("EarlyChanges keeps 8 changes of an account and 64 of a message, and each account's delete", async () => {
  const { early, change } = waiting();
  for (let account = 1; account <= 12; account++) {
    for (let count = 1; count <= 9; count++) await early.keep(change(account, edit), edits, message);
  }
  for (let account = 12; account <= 14; account++) await early.keep(change(account, deletion), deletes, message);
  const kept = await early.take(message);
  const count = (account: number) => kept.filter(({ sender }) => sender === `member${account}`).length;
  assert.deepEqual([1, 8, 9, 11, 12, 13, 14].map(count), [8, 8, 0, 0, 1, 1, 1]);
  assert.equal(kept.length, 67);
  assert.deepEqual(await early.take(message), [], "kept no longer");
});

Deno.test("EarlyChanges keeps of a delete, however long it is, that its message is deleted", async () => {
  const { early, change } = waiting();
  const long = encodeMimiContent({ ...deleteKind.write({ replaces }, salt), topicId: new Uint8Array(40_000) });
  assert.ok(long.length > 40_000);
  await early.keep(change(1, edit), edits, message);
  await early.keep(change(1, long), deletes, message);
  const [kept, ...others] = await early.take(message);
  assert.deepEqual(others, []);
  assert.ok(kept.content.length < 100);
  const read = readContent(kept.content);
  assert.deepEqual(read.kind === "read" && [read.message.kind, toHex(read.message.refersTo!)], ["delete", message]);
});

Deno.test("EarlyChanges lets no other account take back what stands in an edit", async () => {
  const { early, change } = waiting();
  const first = change(1, edit);
  await early.keep(first, edits, message);
  await early.keep(change(2, deletion), deletes, first.id);
  assert.deepEqual((await early.take(message)).map(({ id }) => id), [first.id]);
  assert.deepEqual((await early.take(first.id)).map(({ sender }) => sender), ["member2"]);
});

Deno.test("EarlyChanges writes nothing for a message that was sent twice, or is too long", async () => {
  const { early, change, unit } = waiting();
  const first = change(1, edit);
  for (let times = 0; times < 3; times++) await early.keep(first, edits, message);
  await early.keep(change(1, new Uint8Array(20 * 1024 + 1)), edits, message);
  const record = unit.peek("messageids", keys.earlyChanges(chatId, message))!.value;
  assert.deepEqual((record as { changes: EarlyChange[] }).changes, [first]);
});
