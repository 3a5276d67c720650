import assert from "node:assert/strict";
import { createRoot } from "solid-js";
import type { MessageItem, TimelineItem } from "../../client/api/engine_api.ts";
import { EngineError } from "../../client/api/errors.ts";
import type { App, TimelineListener } from "./app.ts";
import { type Conversation, createConversation } from "./conversation.ts";
import { itemKey } from "./timeline_items.ts";
import type { Row } from "./timeline_rows.ts";

/** What the engine gives at most (client/sync/conversation/history.ts). */
const longestPage = 200;
const startMs = new Date(2026, 4, 5, 12).getTime();
const orderOf = (index: number) => String(index).padStart(12, "0");
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** @returns messages m0, m1, … of bob, ten seconds apart */
function messages(count: number): MessageItem[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: "message",
    messageId: `m${index}`,
    order: orderOf(index),
    sender: "bob",
    own: false,
    text: `text ${index}`,
    atMs: startMs + 10_000 * index,
    state: "received",
  }));
}

/** Opens a conversation of `stored` items; `tell` is the engine's event. `early` is told before the first page is. */
async function withConversation(
  { stored, unreadFrom, early = [], unsaved = new Map(), send = () => Promise.resolve() }: {
    stored: TimelineItem[];
    unreadFrom?: string;
    early?: TimelineItem[];
    unsaved?: App["unsaved"];
    send?: () => Promise<void>;
  },
  look: (seen: { conversation: Conversation; tell: TimelineListener; ids: () => string[] }) => Promise<void>,
): Promise<void> {
  await createRoot(async (dispose) => {
    let tell: TimelineListener = () => {};
    const app = {
      chat: () => ({ unreadFrom }),
      account: () => undefined,
      unsaved,
      engine: {
        send,
        timeline(_chatId: string, before: string | undefined, limit: number) {
          const older = stored.filter(({ order }) => before === undefined || order < before);
          const items = older.slice(-Math.min(limit, longestPage));
          return Promise.resolve({ items, ...(items.length < older.length && { before: items[0].order }) });
        },
      },
      listenTimeline: (_chatId: string, listener: TimelineListener) => (tell = listener, () => {}),
      listenReread: () => () => {},
      report: (error: unknown) => assert.fail(String(error)),
    };
    const conversation = createConversation(app as unknown as App, "chat");
    tell(early);
    await settled();
    assert.ok(conversation.loaded());
    const ids = () => conversation.rows().flatMap((row) => row.kind === "message" ? [row.item.messageId] : []);
    await look({ conversation, tell, ids });
    dispose();
  });
}

Deno.test("createConversation() draws a change to a message of an older page with that page", async () => {
  const stored = messages(1_000);
  const early = [{ ...stored[50], edited: true } as const];
  await withConversation({ stored, early }, async ({ conversation, tell, ids }) => {
    const newest = stored.slice(-60).map(({ messageId }) => messageId);
    assert.deepEqual(ids(), newest);
    const reactions = [{ id: "01", sender: "carol", senderKey: "02", text: "+" }];
    stored[100] = { ...stored[100], reactions };
    tell([stored[100]]);
    assert.deepEqual(ids(), newest, "no hole at the top");
    tell([{ ...stored[960], edited: true }, { ...stored[999], messageId: "m1000", order: orderOf(1_000) }]);
    assert.deepEqual(ids(), [...newest, "m1000"], "a loaded message and a new one are there at once");
    let drawn: MessageItem[] = [];
    while (!conversation.atStart()) {
      await conversation.showOlder();
      drawn = conversation.rows().flatMap((row) => row.kind === "message" ? [row.item] : []);
      const first = Number(drawn[0].order);
      assert.deepEqual(drawn.map(({ order }) => order), drawn.map((_, index) => orderOf(first + index)), "no hole");
    }
    assert.deepEqual(drawn[100].reactions, reactions);
  });
});

/** @returns the row under the mark "new", if both are drawn */
function marked({ rows }: Conversation): Row | undefined {
  const at = rows().findIndex(({ kind }) => kind === "new");
  return at < 0 ? undefined : rows()[at + 1];
}

const ofMe = (item: MessageItem): MessageItem => ({ ...item, own: true, sender: "me", state: "sent" });
const noticeAt = (order: string): TimelineItem => ({ kind: "notice", order, atMs: startMs, notice: "gap", values: {} });

for (const unread of [1, 199, 200, 201, 300, 1_500, 5_000]) {
  Deno.test(`PEOPLE B6: the mark stands above the first of ${unread} unread ones, between other lines`, async () => {
    const all = messages(3 * unread + 200);
    const first = all.length - 3 * unread;
    // Of three lines behind the mark, one is unread.
    const stored = all.map((item, index): TimelineItem =>
      index < first || (index - first) % 3 === 0 ? item : index % 2 ? ofMe(item) : noticeAt(item.order)
    );
    await withConversation({ stored, unreadFrom: stored[first].order }, async ({ conversation, tell }) => {
      if (unread < 4_000) {
        assert.ok(conversation.rows().findIndex(({ kind }) => kind === "new") >= 20, "lines above it");
      }
      // Beyond what is loaded at the start, the mark comes with its page.
      for (let page = 0; !marked(conversation); page++) {
        assert.ok(page < 300 && !conversation.atStart());
        await conversation.showOlder();
      }
      assert.equal(marked(conversation)?.key, itemKey(stored[first]));
      tell([{ ...all[0], messageId: "later", order: orderOf(all.length) }]);
      assert.equal(marked(conversation)?.key, itemKey(stored[first]), "it stays when messages arrive");
    });
  });
}

Deno.test("PEOPLE B6: a reload finds the mark where the reader stopped, and nowhere when all was read", async () => {
  const stored = messages(400);
  await withConversation({ stored, unreadFrom: orderOf(250) }, ({ conversation }) => {
    assert.equal(marked(conversation)?.key, itemKey(stored[250]));
    conversation.mark(orderOf(300));
    assert.equal(marked(conversation)?.key, itemKey(stored[300]), "it moves");
    conversation.mark(undefined);
    assert.equal(marked(conversation), undefined);
    return Promise.resolve();
  });
  await withConversation({ stored }, ({ conversation }) => {
    assert.equal(marked(conversation), undefined);
    return Promise.resolve();
  });
});

Deno.test("PEOPLE B0: messages that find no room keep their texts when the chat is opened again", async () => {
  const stored = messages(3);
  const unsaved: App["unsaved"] = new Map();
  let isFull = true;
  const send = () => isFull ? Promise.reject(new EngineError({ code: "L005", detail: "full" })) : Promise.resolve();
  const own = ({ conversation }: { conversation: Conversation }) =>
    conversation.rows().flatMap((row) =>
      row.kind === "message" && row.item.own ? [[row.item.text, row.item.state, row.item.errorCode]] : []
    );
  await withConversation({ stored, unsaved, send }, async (seen) => {
    assert.deepEqual(await Promise.all(["one", "two"].map((text) => seen.conversation.send(text))), [false, false]);
    assert.deepEqual(own(seen), [["one", "failed", "L005"], ["two", "failed", "L005"]]);
  });
  await withConversation({ stored, unsaved, send }, async (seen) => {
    assert.equal(await seen.conversation.send("three"), false);
    assert.deepEqual(own(seen).map(([text]) => text), ["one", "two", "three"]);
    isFull = false;
    for (const row of seen.conversation.rows()) {
      if (row.kind === "message" && row.item.own) seen.conversation.retry(row.item);
    }
    await settled();
    assert.equal(unsaved.size, 0, "the engine has them");
  });
});
