import assert from "node:assert/strict";
import type { SealedStore } from "../../storage/sealed_store.ts";
import type { RangeOptions } from "../../storage/storage.ts";
import { currentMessage, isSameMessage, lastMessageOf } from "./last_message.ts";
import type { LineRecord } from "./records.ts";

/** @param lines from the oldest on */
function storeOf(lines: Partial<LineRecord>[]) {
  const records = lines.map((line, index) => {
    const order = String(index).padStart(12, "0");
    return { key: `chat/${order}`, value: { ...line, order } as LineRecord };
  });
  return {
    range: (_store: string, prefix: string, { before, limit }: RangeOptions) =>
      Promise.resolve(
        records.filter(({ key }) => key.startsWith(prefix) && (before === undefined || key < before)).reverse()
          .slice(0, limit),
      ),
  } as unknown as SealedStore;
}

const message = { kind: "message", sender: "ben", atMs: 5, own: false, state: "received" } as const;

Deno.test("CONVERSATIONS: a text that was deleted leaves the list, also where version 0.1.0 has kept it", async () => {
  const kept = { text: "the secret", sender: "ben", atMs: 5 };
  const notices = Array.from({ length: 45 }, () => ({ kind: "notice" as const }));
  const deleted = storeOf([{ ...message, text: "", deleted: true }, ...notices]);
  const found = await currentMessage(deleted, "chat", kept);
  assert.deepEqual([found!.text, found!.deleted, found!.order], ["", true, "000000000000"]);
  assert.equal(await currentMessage(storeOf([]), "chat", kept), kept, "its line is not here");
  assert.equal(await currentMessage(deleted, "chat", undefined), undefined);
});

Deno.test("CONVERSATIONS: the list keeps of a message what it shows, and its state where it is the own one", () => {
  const line = { ...message, messageId: "07", senderKey: "aa", order: "1", text: "hello" };
  assert.deepEqual(lastMessageOf(line), { text: "hello", sender: "ben", atMs: 5, order: "1" });
  const own = { ...line, own: true, state: "waiting" as const };
  const kept = { text: "hello", sender: "ben", atMs: 5, own: true, state: "waiting", order: "1" };
  assert.deepEqual(lastMessageOf(own), kept);
  assert.equal(isSameMessage(lastMessageOf(own), lastMessageOf({ ...own, state: "sent" })), false);
  assert.equal(isSameMessage(lastMessageOf(own), lastMessageOf({ ...own })), true);
});
