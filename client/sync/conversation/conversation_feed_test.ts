import assert from "node:assert/strict";
import type { TimelineItem } from "../../api/engine_api.ts";
import type { Environment } from "../../runtime/environment.ts";
import { ConversationFeed } from "./conversation_feed.ts";

function feed() {
  const due: (() => void)[] = [];
  const told: unknown[] = [];
  const environment = { after: (_ms: number, run: () => void) => (due.push(run), () => {}) } as unknown as Environment;
  const listener = {
    timeline: (chatId: string, items: TimelineItem[]) => told.push([chatId, items.map(({ order }) => order)]),
    erased: () => 0,
    reread: (chatId: string) => told.push(["reread", chatId]),
    chats: () => told.push("chats"),
  };
  const passTime = () => due.splice(0).forEach((run) => run());
  return { told, passTime, feed: new ConversationFeed(listener, environment, () => []) };
}

const own = (order: string, state: "waiting" | "sent") =>
  ({ kind: "message", order, messageId: order, own: true, state }) as unknown as TimelineItem;

Deno.test("ConversationFeed reports an own message as waiting only when it was not sent for a while", () => {
  const { told, passTime, feed: conversations } = feed();
  conversations.items("a", [own("1", "waiting")]);
  assert.deepEqual(told, []);
  passTime();
  assert.deepEqual(told, [["a", ["1"]]]);
});

Deno.test("ConversationFeed reports held items together with the next change, each item once", () => {
  const { told, passTime, feed: conversations } = feed();
  conversations.items("a", [own("1", "waiting"), own("2", "waiting")]);
  conversations.items("a", [own("1", "sent")]);
  passTime();
  assert.deepEqual(told, [["a", ["1", "2"]]]);
});

Deno.test("ConversationFeed makes one event of many changes to the list, and none after close()", () => {
  const { told, passTime, feed: conversations } = feed();
  conversations.listChanged();
  conversations.listChanged();
  passTime();
  assert.deepEqual(told, ["chats"]);
  conversations.listChanged();
  conversations.close();
  passTime();
  conversations.reread("a");
  assert.deepEqual(told, ["chats"]);
});
