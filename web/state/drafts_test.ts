import assert from "node:assert/strict";
import type { ChatSummary } from "../../client/api/engine_api.ts";
import { createDrafts } from "./drafts.ts";

/** An engine with one chat, as one tab meets it. */
function tab() {
  const kept: string[] = [];
  let fails = false;
  const drafts = createDrafts({
    keepDraft: (_chatId, text) => fails ? Promise.reject(new Error("full")) : Promise.resolve(void kept.push(text)),
  });
  return {
    drafts,
    kept,
    fail: () => void (fails = true),
    hear: (draft: string | undefined) => drafts.heard([{ chatId: "chat", draft } as ChatSummary]),
  };
}

Deno.test("PEOPLE B7: a draft of the engine stands in the field, and one of another tab too", () => {
  const { drafts, hear } = tab();
  hear("from the last time");
  assert.equal(drafts.of("chat"), "from the last time");
  hear("from the other tab");
  assert.equal(drafts.of("chat"), "from the other tab");
  hear(undefined);
  assert.equal(drafts.of("chat"), "");
});

Deno.test("PEOPLE B7: what is being typed goes before what comes from elsewhere, and is kept", async () => {
  const { drafts, kept, hear } = tab();
  drafts.typed("chat", "he");
  drafts.typed("chat", "hello");
  hear("from the other tab");
  assert.equal(drafts.of("chat"), "hello");
  await drafts.flush();
  assert.deepEqual(kept, ["hello"]);
  hear("from the other tab, later");
  assert.equal(drafts.of("chat"), "from the other tab, later");
});

Deno.test("PEOPLE B7: a sent text does not come back, and what is typed behind it stays", async () => {
  const { drafts, kept, hear } = tab();
  drafts.typed("chat", "hello");
  await drafts.flush();
  hear("hello");
  const stored = Promise.withResolvers<boolean>();
  drafts.sending("chat", stored.promise);
  assert.equal(drafts.of("chat"), "");
  drafts.typed("chat", "next");
  stored.resolve(true);
  hear(undefined);
  assert.equal(drafts.of("chat"), "next");
  await drafts.flush();
  assert.deepEqual(kept, ["hello", "next"]);
});

Deno.test("PEOPLE B0: the draft of a message that could not be stored stays with the engine", async () => {
  const { drafts, kept, hear, fail } = tab();
  drafts.typed("chat", "hello");
  await drafts.flush();
  hear("hello");
  drafts.typed("chat", "hello you");
  drafts.sending("chat", Promise.resolve(false));
  await drafts.flush();
  await new Promise((resolve) => setTimeout(resolve, 0));
  // The list comes some time after what it tells of.
  hear("hello y");
  hear("hello you");
  assert.deepEqual([drafts.of("chat"), kept], ["", ["hello"]]);
  fail();
  drafts.typed("chat", "more");
  await drafts.flush();
  assert.equal(drafts.of("chat"), "more", "what can not be kept stays in the field");
});
