import assert from "node:assert/strict";
import { Messages } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import type { SyncContext } from "../conversation/sync_context.ts";

const chatId = "07".repeat(32);

/** A chat of two with a stopped clock. The test controls the directory's answer. */
function chatting() {
  const asked = { times: 0, changed: false };
  const context = {
    conversations: {
      get: () => ({ record: { members: [{ accountKey: "01".repeat(32) }, { accountKey: "02".repeat(32) }] } }),
    },
    account: {
      directory: {
        requireUnchanged: () => {
          asked.times++;
          return asked.changed ? Promise.reject(new Error("L007")) : Promise.resolve();
        },
      },
    },
    ownKey: "01".repeat(32),
    environment: { now: () => 1_000 },
  };
  return { asked, messages: new Messages(context as unknown as SyncContext, {} as Outbox) };
}

Deno.test("requireUnchanged() stops a conversation at once when a key changes", async () => {
  const { asked, messages } = chatting();
  await messages.requireUnchanged(chatId);
  await messages.requireUnchanged(chatId);
  assert.equal(asked.times, 1, "an answer is good for a while");
  asked.changed = true;
  messages.pinsChanged();
  await assert.rejects(messages.requireUnchanged(chatId), /L007/);
  asked.changed = false;
  messages.pinsChanged();
  await messages.requireUnchanged(chatId);
});

Deno.test("sweep() deletes expired records page by page, and not at every connection", async () => {
  const dayMs = 24 * 3_600_000;
  const stored = new Map(
    Array.from(
      { length: 1_000 },
      (_, index) => [String(index).padStart(4, "0"), { order: "", atMs: index % 3 === 0 ? 0 : 31 * dayMs }],
    ),
  );
  for (const key of ["chat/mimi/01", "chat/ahead/01"]) stored.set(key, { order: "", atMs: 0 });
  const limits: number[] = [];
  let nowMs = 40 * dayMs;
  const context = {
    account: { clock: { now: () => nowMs } },
    store: {
      range: (store: string, prefix: string, { after = "", limit }: { after?: string; limit: number }) => {
        limits.push(limit);
        const keys = store === "messageids"
          ? [...stored.keys()].filter((key) => key > after && key.startsWith(prefix)).sort().slice(0, limit)
          : [];
        return Promise.resolve(keys.map((key) => ({ key, value: stored.get(key)! })));
      },
    },
    conversations: {
      update: (work: (unit: unknown) => Promise<void>) =>
        work({ delete: (_store: string, key: string) => stored.delete(key) }),
    },
  };
  const messages = new Messages(context as unknown as SyncContext, {} as Outbox);
  await messages.sweep();
  assert.equal(stored.size, 667);
  assert.deepEqual([stored.has("chat/mimi/01"), stored.has("chat/ahead/01")], [true, false]);
  assert.ok(limits.length > 4 && Math.max(...limits) <= 200, `pages of ${limits}`);
  const asked = limits.length;
  await messages.sweep();
  assert.equal(limits.length, asked, "not again at once");
  nowMs += 3_600_000;
  await messages.sweep();
  assert.ok(limits.length > asked, "an hour later");
});
