import assert from "node:assert/strict";
import { createRoot } from "solid-js";
import { createSearchFilters, type SearchFilters } from "./search_filters.ts";

const kinds = ["chats", "people", "messages"] as const;

function narrowed(change: (filters: SearchFilters) => void) {
  return createRoot((dispose) => {
    const filters = createSearchFilters();
    change(filters);
    const found = { shown: kinds.filter((kind) => filters.shows(kind)), asked: filters.options(10 * 86_400_000) };
    dispose();
    return found;
  });
}

Deno.test("CONVERSATIONS: a search shows everything until it is narrowed", () => {
  assert.deepEqual(narrowed(() => {}), { shown: [...kinds], asked: {} });
  const back = narrowed((filters) => {
    filters.setScope("people");
    filters.setDays(7);
    filters.reset();
  });
  assert.deepEqual(back, { shown: [...kinds], asked: {} });
});

Deno.test("CONVERSATIONS: a kind of result, a person and a time narrow a search", () => {
  assert.deepEqual(narrowed(({ setScope }) => setScope("chats")).shown, ["chats"]);
  assert.deepEqual(narrowed(({ setScope }) => setScope("files")), { shown: ["messages"], asked: { files: true } });
  assert.deepEqual(narrowed(({ setSender }) => setSender("bob")), { shown: ["messages"], asked: { sender: "bob" } });
  assert.deepEqual(narrowed(({ setDays }) => setDays(7)), { shown: ["messages"], asked: { sinceMs: 3 * 86_400_000 } });
});
