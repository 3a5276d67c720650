import assert from "node:assert/strict";
import { createLostFiles } from "./lost_files.ts";

function storage() {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

Deno.test("CONVERSATIONS: files that were not ready are lost with the page, and the next page knows of it", () => {
  const kept = storage();
  const page = createLostFiles(() => kept);
  page.begin("chat", "first");
  page.begin("chat", "second");
  assert.deepEqual(page.of("chat"), [], "its own are not lost");
  page.end("first");
  const next = createLostFiles(() => kept);
  assert.deepEqual(next.of("chat"), ["second"]);
  assert.deepEqual(next.of("other"), []);
  next.end("second");
  assert.equal(kept.kept.size, 0);
});

Deno.test("CONVERSATIONS: a storage that refuses or holds nonsense does no harm", () => {
  const kept = storage();
  kept.setItem("qpq-unread-files", "{nonsense");
  assert.deepEqual(createLostFiles(() => kept).of("chat"), []);
  const lost = createLostFiles(() => {
    throw new DOMException("forbidden", "SecurityError");
  });
  lost.begin("chat", "first");
  lost.end("first");
  assert.deepEqual(lost.of("chat"), []);
});
