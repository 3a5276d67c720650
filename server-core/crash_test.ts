/**
 * Kills the core with SIGKILL during publishes, commits, acknowledgements, blobs, new channels, sign-ins and
 * sign-outs. After each restart all acknowledged work is stored, exactly once. `QPQ_CRASH_KILLS` sets the
 * number of kills, `QPQ_CRASH_SEED` their moments.
 */

import assert from "node:assert/strict";
import { CrashLane } from "./testing/crash_lane.ts";
import { withTempDir } from "./testing/quic.ts";

const kills = Number(Deno.env.get("QPQ_CRASH_KILLS") ?? 200);
const seed = Number(Deno.env.get("QPQ_CRASH_SEED") ?? 20261124);
/** How many cores run at once, each with its own data. While one starts, another works. */
const lanes = 2;

/** mulberry32 */
function seeded(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

Deno.test({
  name: `a core killed at ${kills} random moments keeps all that it acknowledged, and nothing twice`,
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    let left = kills;
    const done = await Promise.all(Array.from({ length: lanes }, async (_, lane) => {
      let totals: CrashLane["done"] | undefined;
      await withTempDir(async (dataDir) => {
        const one = new CrashLane(dataDir, seeded(seed + lane));
        let index = 0;
        while (left-- > 0) await one.round(index++, false);
        await one.round(index, true);
        totals = one.done;
      });
      return totals!;
    }));
    const total = (name: keyof CrashLane["done"]) => done.reduce((sum, totals) => sum + totals[name], 0);
    for (const name of Object.keys(done[0]) as (keyof CrashLane["done"])[]) {
      assert.ok(total(name) > 0, `${name} under way`);
    }
    assert.ok(total("messages") > kills, `${total("messages")} messages`);
    console.log(
      `seed ${seed}: ${
        Object.keys(done[0]).map((name) => `${total(name as keyof CrashLane["done"])} ${name}`).join(", ")
      }`,
    );
  },
});
