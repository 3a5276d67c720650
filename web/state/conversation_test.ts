import assert from "node:assert/strict";
import type { MessageItem, TimelineItem } from "../../client/api/engine_api.ts";
import { frameDrawn, messages, orderOf, settled, startMs, withConversation } from "../testing/conversation_setting.ts";
import type { Conversation } from "./conversation.ts";
import { itemKey } from "./timeline_items.ts";
import type { Row } from "./timeline_rows.ts";

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
    await frameDrawn();
    assert.deepEqual(ids(), [...newest, "m1000"], "a loaded message and a new one are there with the next frame");
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

Deno.test("PEOPLE B2: an own message moves to its place, and the mark of the unread ones stays", async () => {
  const stored = messages(200);
  const waiting: MessageItem = {
    ...stored[0],
    messageId: "own",
    order: "9",
    own: true,
    senderKey: "0a".repeat(32),
    sender: "anna",
    state: "waiting",
  };
  stored.push(waiting);
  await withConversation({ stored, unreadFrom: orderOf(197) }, async ({ conversation, tell, ids }) => {
    const newAt = () => {
      const rows = conversation.rows();
      return rows[rows.findIndex(({ kind }) => kind === "new") + 1]?.key;
    };
    assert.deepEqual([ids().at(-1), newAt()], ["own", itemKey(stored[197])]);
    assert.equal(conversation.newest(), orderOf(199), "of others: what comes next from them is behind it");
    const sent: MessageItem = { ...waiting, state: "sent", order: `${orderOf(197)}/` };
    tell([sent]);
    await frameDrawn();
    assert.deepEqual(ids().slice(-4), ["m197", "own", "m198", "m199"]);
    assert.equal(newAt(), itemKey(stored[197]));
    assert.equal(ids().filter((id) => id === "own").length, 1);
    // It was sent long ago, and the answer was lost: its place is in a page that is not loaded.
    const [first] = ids();
    stored[3] = { ...sent, order: orderOf(3) };
    stored.pop();
    tell([stored[3]]);
    await frameDrawn();
    assert.deepEqual([ids().includes("own"), ids()[0]], [false, first]);
    while (!conversation.atStart()) await conversation.showOlder();
    assert.deepEqual(ids().slice(2, 5), ["m2", "own", "m4"]);
    assert.equal(ids().filter((id) => id === "own").length, 1);
  });
});

Deno.test("CONVERSATIONS: a change that comes while a page is read is shown, and not what the page had", async () => {
  const stored = messages(300);
  await withConversation({ stored }, async ({ conversation, tell, ids }) => {
    const reading = conversation.showOlder();
    tell([{ ...stored[200], text: "edited", edited: true }]);
    await reading;
    const row = conversation.rows().find((row) => row.kind === "message" && row.item.messageId === "m200");
    assert.ok(row?.kind === "message" && row.item.text === "edited");
    assert.equal(new Set(ids()).size, ids().length);
  });
});

Deno.test("CONVERSATIONS: a conversation opens with what is in view; the rest of the page follows", async () => {
  await withConversation({ stored: messages(500), itemsAtFirst: 12 }, async ({ ids }) => {
    assert.deepEqual([ids().length, ids()[0]], [12, "m488"]);
    await frameDrawn();
    assert.deepEqual([ids().length, ids()[0], ids().at(-1)], [72, "m428", "m499"]);
  });
  await withConversation({ stored: messages(500), itemsAtFirst: 12, unreadFrom: orderOf(480) }, async ({ ids }) => {
    assert.equal(ids().length, 60, "the first unread one is looked for in a whole page");
    await frameDrawn();
    assert.equal(ids().length, 60);
  });
});

Deno.test("CONVERSATIONS: a reader is led to any message, reads on from there, and back to the newest", async () => {
  const stored = messages(5_000);
  await withConversation({ stored }, async ({ conversation, tell, ids }) => {
    await conversation.goTo(orderOf(2_500));
    assert.equal(conversation.goal()?.key, itemKey(stored[2_500]));
    assert.ok(ids().includes("m2500") && ids().includes("m2450") && ids().includes("m2550"));
    assert.equal(conversation.atEnd(), false);
    tell([{ ...stored[0], messageId: "news", order: orderOf(5_000) }]);
    assert.equal(ids().includes("news"), false, "there is a hole between");
    const last = ids().at(-1);
    await conversation.showNewer();
    assert.equal(Number(ids().at(-1)!.slice(1)), Number(last!.slice(1)) + 60);
    await conversation.showNewest();
    assert.deepEqual([ids().at(-1), conversation.atEnd()], ["m4999", true]);
  });
});

Deno.test("CONVERSATIONS: what is sent from far above stands at the end before the engine has it", async () => {
  const stored = messages(2_000);
  let store = () => {};
  const send = () => new Promise<void>((resolve) => (store = resolve));
  await withConversation({ stored, send }, async ({ conversation }) => {
    await conversation.goTo(orderOf(100));
    const sent = conversation.send("hello");
    await settled();
    const last = conversation.rows().at(-1);
    assert.ok(last?.kind === "message" && last.item.text === "hello");
    store();
    assert.equal(await sent, true);
  });
});

Deno.test("CONVERSATIONS: a message of an older page is loaded and drawn where a quote leads to it", async () => {
  const stored = messages(1_000);
  await withConversation({ stored }, async ({ conversation, ids }) => {
    assert.ok(!ids().includes("m100"));
    const found = await conversation.show({ order: orderOf(100), messageId: "m100" });
    assert.equal(found?.messageId, "m100");
    assert.ok(ids().includes("m100"));
    assert.equal(conversation.goal()?.key, itemKey(stored[100]));
    assert.equal(await conversation.show({ order: `${orderOf(500)}x`, messageId: "gone" }), undefined);
    assert.equal(conversation.goal()?.key, itemKey(stored[100]), "what is not there is not shown");
  });
});
