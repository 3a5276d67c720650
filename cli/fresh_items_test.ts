import assert from "node:assert/strict";
import type { MessageItem } from "../client/api/engine_api.ts";
import { freshItems } from "./fresh_items.ts";

const orderOf = (index: number) => String(index).padStart(6, "0");

const items = Array.from({ length: 900 }, (_, index): MessageItem => ({
  kind: "message",
  messageId: String(index),
  order: orderOf(index),
  sender: "bert",
  own: false,
  senderKey: "0b".repeat(32),
  text: `line ${index}`,
  atMs: index,
  state: "received",
  ...(index === 30 && { late: true }),
}));

/** @returns the orders of what is fresh, and how many pages were read */
async function fresh(printedUpTo: string, unreadFrom?: string): Promise<[string[], number]> {
  let pages = 0;
  const engine = {
    timeline(_chatId: string, before?: string, limit = 50) {
      pages++;
      const older = items.filter(({ order }) => before === undefined || order < before);
      const page = older.slice(-limit);
      return Promise.resolve({ items: page, ...(page.length < older.length && { before: page[0].order }) });
    },
  };
  const found = await freshItems(engine, { chatId: "chat", ...(unreadFrom && { unreadFrom }) }, printedUpTo);
  return [found.map(({ order }) => order), pages];
}

Deno.test("freshItems() gives what stands behind the last printed place, and reads no page more", async () => {
  assert.deepEqual(await fresh(orderOf(898)), [[orderOf(899)], 1]);
  assert.deepEqual(await fresh(orderOf(899)), [[], 1]);
  const [all] = await fresh("");
  assert.deepEqual(all, items.map(({ order }) => order));
});

Deno.test("PEOPLE B6: freshItems() gives what came late into a place before the last printed one", async () => {
  const [found] = await fresh(orderOf(898), orderOf(30));
  assert.deepEqual(found, [orderOf(30), orderOf(899)]);
});
