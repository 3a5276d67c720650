import assert from "node:assert/strict";
import type { MessageItem } from "../../client/api/engine_api.ts";
import {
  atRest,
  mostHeld,
  pageItems,
  type Stretch,
  withHeard,
  withNewer,
  withNews,
  withOlder,
  withoutNewest,
  withoutOldest,
} from "./stretch.ts";

const orderOf = (index: number) => String(index).padStart(6, "0");
const message = (index: number, text = ""): MessageItem => ({
  kind: "message",
  senderKey: "0b".repeat(32),
  messageId: `m${index}`,
  order: orderOf(index),
  sender: "bob",
  own: false,
  text,
  atMs: index,
  state: "received",
});
const from = (start: number, end: number) => Array.from({ length: end - start }, (_, index) => message(start + index));
const ids = ({ items }: Stretch) => items.map((item) => (item as MessageItem).messageId);

/** All of a conversation of 10,000 messages, page by page. */
function scrolledToTop(): Stretch {
  let held: Stretch = { items: from(9_940, 10_000), before: orderOf(9_940) };
  while (held.before !== undefined) {
    const end = Number(held.before);
    const start = Math.max(0, end - pageItems);
    const page = { items: from(start, end), ...(start > 0 && { before: orderOf(start) }) };
    held = withoutNewest(withOlder(held, page));
    assert.ok(held.items.length <= mostHeld);
  }
  return held;
}

Deno.test("CONVERSATIONS: a page holds a bounded stretch without a hole, however far the reader scrolls", () => {
  let held = scrolledToTop();
  assert.deepEqual(ids(held), ids({ items: from(0, mostHeld) }));
  assert.equal(held.after, orderOf(mostHeld - 1));
  while (held.after !== undefined) {
    const start = Number(held.after) + 1;
    const end = Math.min(10_000, start + pageItems);
    const page = { items: from(start, end), ...(end < 10_000 && { after: orderOf(end - 1) }) };
    held = withoutOldest(withNewer(held, page));
    assert.ok(held.items.length <= mostHeld);
  }
  assert.deepEqual([ids(held), held.before], [ids({ items: from(8_500, 10_000) }), orderOf(8_500)]);
});

Deno.test("CONVERSATIONS: what is told of elsewhere than in the stretch waits for its page", () => {
  const held: Stretch = { items: from(10, 20), before: orderOf(10), after: orderOf(19) };
  const told = withNews(held, [message(5, "old"), message(12, "changed"), message(25, "new")]);
  assert.deepEqual(ids(told), ids(held));
  assert.equal((told.items[2] as MessageItem).text, "changed");
  const whole: Stretch = { items: from(10, 20) };
  assert.deepEqual(ids(withNews(whole, [message(5), message(25)])), ["m5", ...ids(whole), "m25"]);
  assert.equal(withNews(held, []), held);
});

Deno.test("CONVERSATIONS: an own message that gets its place outside of the stretch leaves it", () => {
  const own: MessageItem = { ...message(19), messageId: "own", own: true };
  const held: Stretch = { items: [...from(10, 19), own], before: orderOf(10) };
  assert.equal(ids(withNews(held, [{ ...own, order: orderOf(3) }])).includes("own"), false);
});

Deno.test("CONVERSATIONS: a page that was read before a change does not overwrite it", () => {
  const page: Stretch = { items: from(10, 20), before: orderOf(10) };
  const heard = [message(12, "changed"), message(3, "in an older page"), message(25, "in what is loaded")];
  const found = withHeard(page, heard, orderOf(20));
  assert.deepEqual(ids(found), ids(page));
  assert.equal((found.items[2] as MessageItem).text, "changed");
  const newest = withHeard(page, [message(25)], undefined);
  assert.equal(ids(newest).at(-1), "m25", "at the end of the conversation it is the next one");
});

Deno.test("CONVERSATIONS: a reader at the newest item holds few above it, and these change seldom", () => {
  let held: Stretch = { items: from(0, 100) };
  let changes = 0;
  for (let index = 100; index < 5_000; index++) {
    held = withNews(held, [message(index)]);
    const rested = atRest(held);
    if (rested !== held) changes++;
    held = rested;
    assert.ok(held.items.length <= 12 * pageItems);
  }
  assert.ok(changes > 0 && changes <= 5_000 / pageItems, String(changes));
  assert.equal(ids(held).at(-1), "m4999");
  const elsewhere: Stretch = { items: from(0, 1_400), after: orderOf(1_399) };
  assert.equal(atRest(elsewhere), elsewhere);
});
