import assert from "node:assert/strict";
import type { MessageItem } from "../client/api/engine_api.ts";
import { noPlaces, placeKey, waitingKey } from "../client/sync/conversation/places.ts";
import { freshItems, newestArrival } from "./fresh_items.ts";

function message(text: string, order: string, own = false): MessageItem {
  const state = own ? "sent" : "received";
  return {
    kind: "message",
    messageId: text,
    order,
    sender: own ? "anna" : "bert",
    senderKey: "0a",
    own,
    text,
    atMs: 0,
    state,
  };
}

const placed = (text: string, place: number, count: number, own = false) =>
  message(text, placeKey(noPlaces, place, count), own);

/** @param items in any order @returns the texts of what is fresh, and how many pages were read */
async function fresh(items: MessageItem[], printedUpTo: string): Promise<[string[], number]> {
  const sorted = items.toSorted((a, b) => a.order < b.order ? -1 : 1);
  let pages = 0;
  const engine = {
    timeline(_chatId: string, before?: string, limit = 50) {
      pages++;
      const older = sorted.filter(({ order }) => before === undefined || order < before);
      const page = older.slice(-limit);
      return Promise.resolve({ items: page, ...(page.length < older.length && { before: page[0].order }) });
    },
  };
  const found = await freshItems(engine, { chatId: "chat" }, printedUpTo);
  return [found.map((item) => item.kind === "message" ? item.text : ""), pages];
}

Deno.test("PEOPLE B2: recv prints what comes before own messages that it has passed already", async () => {
  const printed = [placed("printed", 5, 0), placed("own", 9, 1, true), message("waits", waitingKey(2), true)];
  const upTo = newestArrival(printed);
  assert.deepEqual(await fresh([...printed, placed("crossed", 7, 3)], upTo), [["crossed"], 1]);
  assert.deepEqual(await fresh(printed, upTo), [[], 1]);
});

Deno.test("PEOPLE B2: recv finds a message before many own ones", async () => {
  const own = Array.from({ length: 700 }, (_, index) => placed(`own ${index}`, 100 + index, 1 + index, true));
  const printed = [placed("printed", 5, 0), ...own];
  assert.deepEqual(await fresh([...printed, placed("crossed", 7, 701)], newestArrival(printed)), [["crossed"], 4]);
});

Deno.test("PEOPLE B2: recv goes on behind what an earlier version has printed", async () => {
  const old = [0, 1, 2].map((index) => message(`${index}`, String(index).padStart(12, "0")));
  // It stored the place of the last printed line.
  assert.deepEqual(await fresh([...old, placed("new", 5, 3)], old[1].order), [["2", "new"], 1]);
});
