import assert from "node:assert/strict";
import { ExpiredRecords } from "./expired_records.ts";
import type { SyncContext } from "./sync_context.ts";

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
  const [year, ahead] = [365 * dayMs, { server: 0, device: 0 }];
  const context = {
    account: { clock: { now: () => nowMs + ahead.server, deviceNow: () => nowMs + ahead.device } },
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
  // A clock that is wrong for a minute.
  nowMs = 20 * dayMs;
  for (const wrong of [{ server: year, device: 0 }, { server: 0, device: year }]) {
    Object.assign(ahead, wrong);
    await new ExpiredRecords(context as unknown as SyncContext).sweep();
    assert.equal(stored.size, 1_002);
  }
  Object.assign(ahead, { server: 0, device: 0 });
  nowMs = 40 * dayMs;
  const expired = new ExpiredRecords(context as unknown as SyncContext);
  await expired.sweep();
  assert.equal(stored.size, 667);
  assert.deepEqual([stored.has("chat/mimi/01"), stored.has("chat/ahead/01")], [true, false]);
  assert.ok(limits.length > 4 && Math.max(...limits) <= 200, `pages of ${limits}`);
  const asked = limits.length;
  await expired.sweep();
  assert.equal(limits.length, asked, "not again at once");
  nowMs += 3_600_000;
  await expired.sweep();
  assert.ok(limits.length > asked, "an hour later");
});
