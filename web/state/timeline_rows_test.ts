import assert from "node:assert/strict";
import type { MessageItem, TimelineItem } from "../../client/api/engine_api.ts";
import { itemKey } from "./timeline_items.ts";
import { endsOf, rowsOf } from "./timeline_rows.ts";

const noonMs = new Date(2026, 4, 5, 12).getTime();
const minuteMs = 60_000;
let count = 0;
function message(sender: string, atMs: number): TimelineItem {
  count += 1;
  return {
    kind: "message",
    messageId: String(count),
    order: String(count).padStart(6, "0"),
    sender,
    own: false,
    senderKey: "0b".repeat(32),
    text: "",
    atMs,
    state: "received",
  };
}

Deno.test("rowsOf() puts a date before the first item of each day", () => {
  const rows = rowsOf(
    [message("a", noonMs), message("a", noonMs + minuteMs), message("a", noonMs + 24 * 60 * minuteMs)],
    undefined,
    [],
  );
  assert.deepEqual(rows.map(({ kind }) => kind), ["date", "message", "message", "date", "message"]);
});

Deno.test("rowsOf() groups messages of one sender within five minutes", () => {
  const rows = rowsOf(
    [
      message("a", noonMs),
      message("a", noonMs + minuteMs),
      message("b", noonMs + 2 * minuteMs),
      message("b", noonMs + 20 * minuteMs),
    ],
    undefined,
    [],
  );
  const ends = endsOf(rows);
  assert.deepEqual(rows.flatMap((row) => (row.kind === "message" ? [[row.first, ends.has(row.key)]] : [])), [
    [true, false],
    [false, true],
    [true, true],
    [true, true],
  ]);
});

Deno.test("rowsOf() marks the first new message, which starts a new group", () => {
  const items = [message("a", noonMs), message("a", noonMs + 1)];
  const rows = rowsOf(items, itemKey(items[1]), []);
  assert.deepEqual(rows.map(({ kind }) => kind), ["date", "message", "new", "message"]);
  assert.deepEqual([...endsOf(rows)], items.map(itemKey));
});

Deno.test("rowsOf() returns the same object for an unchanged row, and a new one for a changed row", () => {
  const items = [message("a", noonMs), message("b", noonMs + 1)];
  const before = rowsOf(items, undefined, []);
  const after = rowsOf([...items, message("b", noonMs + 2)], undefined, before);
  assert.deepEqual(after.slice(0, 3).map((row, index) => row === before[index]), [true, true, true]);
  const marked = rowsOf(items, itemKey(items[1]), before);
  assert.deepEqual(marked.map((row) => before.includes(row)), [true, true, false, true]);
  const regrouped = rowsOf([message("b", noonMs), items[1]], undefined, before);
  assert.notEqual(regrouped[2], before[2], "no longer the first of its run");
});

Deno.test("rowsOf() gives a reply the present form of the answered message, drawn or not", () => {
  const original = { ...message("a", noonMs), text: "old" };
  const reply = { ...message("b", noonMs + 1), replyTo: { id: "01", order: original.order } } as TimelineItem;
  const lost = { ...message("b", noonMs + 2), replyTo: { id: "02" } } as TimelineItem;
  const rowOf = (items: TimelineItem[], before: Parameters<typeof rowsOf>[2] = []) =>
    rowsOf([reply, lost], undefined, before, items).filter((row) => row.kind === "message");
  const first = rowOf([original, reply, lost]);
  assert.deepEqual(first.map((row) => row.original), [original, undefined]);
  const edited = { ...original, text: "new" };
  assert.deepEqual(rowOf([edited, reply, lost], first).map((row) => row.original), [edited, undefined]);
});

Deno.test("rowsOf() makes a reply's row anew only when what its quote shows has changed", () => {
  const original = { ...message("a", noonMs), text: "old" } as MessageItem;
  const reply = { ...message("b", noonMs + 1), replyTo: { id: "01", order: original.order } } as TimelineItem;
  const rowOf = (answered: TimelineItem[], before: Parameters<typeof rowsOf>[2] = []) =>
    rowsOf([reply], undefined, before, [...answered, reply]).filter((row) => row.kind === "message");
  const first = rowOf([original]);
  const reactions = [{ id: "01", sender: "c", senderKey: "02", text: "+" }];
  assert.equal(rowOf([{ ...original, reactions, state: "sent" }], first)[0], first[0], "a reaction");
  const changes = [{ text: "new" }, { deleted: true }, { unsupported: true }, { sender: "c" }] as const;
  for (const change of changes) {
    assert.notEqual(rowOf([{ ...original, ...change }], first)[0], first[0], JSON.stringify(change));
  }
  assert.notEqual(rowOf([], first)[0], first[0], "not loaded");
});
