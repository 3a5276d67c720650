import assert from "node:assert/strict";
import type { MessageItem, TimelineItem } from "../../client/api/engine_api.ts";
import {
  answeredItem,
  firstOfOthers,
  isUnsaved,
  itemAt,
  mergeItems,
  optimisticOrder,
  withinShown,
} from "./timeline_items.ts";

function message(id: string, order: string, extra: Partial<MessageItem> = {}): TimelineItem {
  return {
    kind: "message",
    messageId: id,
    order,
    sender: "bob",
    own: false,
    senderKey: "0b".repeat(32),
    text: id,
    atMs: 0,
    state: "received",
    ...extra,
  };
}
const ids = (items: TimelineItem[]) => items.map((item) => (item.kind === "message" ? item.messageId : item.order));

Deno.test("mergeItems() keeps the engine's order, whatever the order of the reports", () => {
  const items = mergeItems(mergeItems([], [message("c", "3"), message("a", "1")]), [message("b", "2")]);
  assert.deepEqual(ids(items), ["a", "b", "c"]);
});

Deno.test("mergeItems() replaces a message that is reported again, with its new state and place", () => {
  const waiting = message("m", optimisticOrder(0), { own: true, state: "waiting" });
  const items = mergeItems([message("a", "1"), waiting], [
    message("m", "2", { own: true, state: "sent" }),
    message("b", "3"),
  ]);
  assert.deepEqual(ids(items), ["a", "m", "b"]);
  assert.equal(items[1].kind === "message" && items[1].state, "sent");
});

Deno.test("mergeItems() keeps messages of two senders with the same id apart", () => {
  assert.equal(mergeItems([message("a", "1")], [message("a", "2", { sender: "carol" })]).length, 2);
});

Deno.test("mergeItems() returns the same list when there is nothing new", () => {
  const items = [message("a", "1")];
  assert.equal(mergeItems(items, []), items);
});

Deno.test("itemAt() finds an item by its place, and undefined where there is none", () => {
  const items = ["1", "3", "5"].map((order) => message(order, order));
  for (const [index, item] of items.entries()) assert.equal(itemAt(items, item.order), items[index]);
  for (const order of ["0", "2", "4", "6"]) assert.equal(itemAt(items, order), undefined);
});

Deno.test("PEOPLE B2: an own message that gets its place before all that is loaded leaves the list", () => {
  const waiting = message("w", "9", { own: true, state: "waiting" });
  const items = [message("b", "3"), message("c", "4"), waiting];
  const moved = { ...waiting, order: "2", state: "sent" as const };
  const older = message("o", "1");
  const within = withinShown(items, [moved, older, message("d", "5")]);
  assert.deepEqual([ids(within.kept), ids(within.news)], [["b", "c"], ["d"]]);
  const inside = withinShown(items, [{ ...moved, order: "3b" }]);
  assert.equal(inside.kept, items);
  assert.deepEqual(ids(mergeItems(inside.kept, inside.news)), ["b", "w", "c"]);
});

Deno.test("PEOPLE B2: answeredItem() finds an own message that has another place since it was answered", () => {
  const items = [message("a", "1"), message("m", "2", { own: true }), message("z", "3")];
  assert.equal(answeredItem(items, { order: "1", messageId: "a" }), items[0]);
  assert.equal(answeredItem(items, { order: "9", messageId: "m" }), items[1], "it waited at another place");
  assert.equal(answeredItem(items, { order: "9", messageId: "z" }), undefined, "only own messages move");
  assert.equal(answeredItem(items, { order: "3" }), items[2], "as replies of earlier versions name it");
  assert.equal(answeredItem(items, {}), undefined);
});

Deno.test("optimisticOrder() sorts after every order of the engine, and in the order of sending", () => {
  assert.ok(optimisticOrder(0) > "zzzz/99999999");
  assert.ok(optimisticOrder(9) < optimisticOrder(10));
});

Deno.test("firstOfOthers() finds the first message of others at a place or behind it", () => {
  const notice: TimelineItem = { kind: "notice", order: "3", atMs: 0, notice: "created", values: {} };
  const items = [message("a", "1"), message("own", "2", { own: true }), notice, message("b", "4")];
  assert.deepEqual(["0", "1", "11", "2", "4", "5"].map((from) => firstOfOthers(items, from)), [0, 0, 3, 3, 3, -1]);
});

Deno.test("isUnsaved() is true until the engine reports the item with its own order", () => {
  const item = message("m", optimisticOrder(0), { own: true, state: "waiting" });
  assert.equal(isUnsaved(item), true);
  const [told] = mergeItems([item], [{ ...item, order: "0000000001" }]);
  assert.equal(isUnsaved(told), false);
});

Deno.test("PEOPLE B2: a member called own, whose message has an own one's id, takes no line's place", () => {
  const mine = message("m", "1", { own: true, sender: "anna", state: "sent" });
  const theirs = message("m", "2", { sender: "own" });
  assert.deepEqual(mergeItems([mine], [theirs]), [mine, theirs]);
});
