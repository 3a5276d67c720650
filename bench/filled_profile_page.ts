/**
 * Fills the chats of a profile with messages, in a page of the app's origin that does not run the app: records as the
 * engine writes them, without their way through the server.
 */

import { IndexedDbStorage } from "../client/storage/indexeddb.ts";
import { SealedStore } from "../client/storage/sealed_store.ts";
import { lastMessageOf } from "../client/sync/conversation/last_message.ts";
import { keys } from "../client/sync/conversation/records.ts";
import type { MessageLine } from "../client/sync/conversation/message_line.ts";
import type { StoredConversation } from "../client/sync/conversation/stored_conversation.ts";

const writtenAtOnce = 1000;
const words = "the harbour opens at seven and every boat that waits outside may enter one after another".split(" ");

/** @param number from 1; places of twelve digits stand before those of newer messages (client/sync/…/places.ts) */
function lineOf(chatNumber: number, number: number, nowMs: number): MessageLine {
  const length = 3 + (number * 7) % 40;
  return {
    kind: "message",
    messageId: chatNumber.toString(16).padStart(16, "0") + number.toString(16).padStart(16, "0"),
    order: String(number).padStart(12, "0"),
    sender: "bob",
    senderKey: "bb".repeat(32),
    own: false,
    // A message each ten minutes.
    atMs: nowMs - 7 * 24 * 3_600_000 - (60_000 - number) * 600_000,
    state: "received",
    text: `${number}. ${Array.from({ length }, (_, index) => words[(number + index * 3) % words.length]).join(" ")}`,
  };
}

/**
 * @param long the chat that gets `longCount` messages; hex
 * @param count messages of every other chat of the profile
 * @returns how many chats it has
 */
export async function fill(long: string, longCount: number, count: number): Promise<number> {
  const storage = await IndexedDbStorage.open();
  const store = new SealedStore(storage, await storage.wrappingKey());
  await store.takeFence();
  const chats = await storage.range("groups", "");
  const nowMs = Date.now();
  for (const [chatNumber, { key: chatId }] of chats.entries()) {
    const last = chatId === long ? longCount : count;
    for (let first = 1; first <= last; first += writtenAtOnce) {
      const numbers = Array.from({ length: Math.min(writtenAtOnce, last + 1 - first) }, (_, index) => first + index);
      await store.write({
        puts: numbers.map((number) => {
          const value = lineOf(chatNumber, number, nowMs);
          return { store: "messages" as const, key: keys.line(chatId, value.order), value };
        }),
      });
    }
    // As after the last of them was read.
    const known = (await store.get<StoredConversation>("groups", chatId))!;
    const newest = lineOf(chatNumber, last, nowMs);
    const value: StoredConversation = {
      ...known,
      lastMessage: lastMessageOf(newest),
      reading: { to: newest.order },
      activityMs: newest.atMs,
    };
    await store.write({ puts: [{ store: "groups", key: chatId, value }] });
  }
  await storage.close();
  return chats.length;
}
