import assert from "node:assert/strict";
import { toHex } from "../../../schema/bytes.ts";
import type { Committer } from "../commits/committer.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { KeyPackageFetch } from "../membership/key_package_fetch.ts";
import { createReplacement, randomChannelId, type ReplacementReason } from "./create_replacement.ts";

const channelId = (...first: number[]) => new Uint8Array([...first, ...new Uint8Array(32 - first.length)]);

Deno.test("randomChannelId() is smaller than the one before it, and chosen anew when that is very small", () => {
  for (const below of [channelId(255, 1), channelId(1), channelId(0, 0, 7), channelId(0, 0, 0, 1)]) {
    for (let n = 0; n < 50; n++) assert.ok(toHex(randomChannelId(below)) < toHex(below));
  }
  const verySmall = new Uint8Array(32);
  verySmall[20] = 1;
  for (const below of [verySmall, new Uint8Array(32)]) {
    const [first, second] = [randomChannelId(below), randomChannelId(below)];
    assert.equal(first.length, 32);
    assert.notDeepEqual(first, second);
    assert.notDeepEqual(first.subarray(0, 16), new Uint8Array(16));
  }
});

Deno.test("createReplacement() creates none for a device that has been helped or moved since it decided", async () => {
  const desync = { code: "GRP-2.2" as const, epoch: 8, need: "readd" as const };
  const outOfStep = { kind: "out-of-step" as const, desync };
  const reached = async (reason: ReplacementReason, standing: { kind: "member" } | typeof outOfStep) => {
    let looks = 0;
    const context = {
      account: {},
      conversations: {
        get: () => ({ record: { standing, epoch: 7 } }),
        withState: () => Promise.resolve(undefined),
        all: () => [],
      },
      // The first that making one needs.
      store: {
        get: () => {
          looks++;
          return Promise.resolve(undefined);
        },
      },
    };
    await createReplacement(context as unknown as SyncContext, {} as Committer, {} as KeyPackageFetch, "07", reason);
    return looks > 0;
  };
  assert.equal(await reached("rejected-commit", outOfStep), true);
  assert.equal(await reached("rejected-commit", { kind: "member" }), false);
  assert.equal(await reached("state-lost", { kind: "member" }), false);
  assert.equal(await reached("server-behind", { kind: "member" }), true, "at a member's word");
});
