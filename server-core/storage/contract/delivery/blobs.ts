/** Behaviours of blob records: quotas, lifetimes and owners. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { random } from "../../../testing/seed.ts";
import type { BlobArgs, DeliveryStore } from "../../delivery_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { hourMs, outcome, refusalOf, refused } from "../world.ts";

/** A blob of 60 bytes where an account may hold 100. */
function blobOf(overrides: Partial<BlobArgs> = {}): BlobArgs {
  return { sha256: random(32), length: 60, accountKey: random(32), quota: 100, ttlMs: hourMs, ...overrides };
}

export const blobBehaviours: Behaviour<keyof DeliveryStore>[] = [
  refuses(
    "storeBlob",
    ErrorCode.quotaExceeded,
    "over the account's quota, with the time until there is room",
    async (world) => {
      const first = blobOf();
      await world.delivery.storeBlob(first);
      world.clock.nowMs += 1000;
      const second = blobOf({ accountKey: first.accountKey });
      const refusal = await refusalOf(world.delivery.storeBlob(second));
      assert.deepEqual([refusal.code, refusal.retryAfterMs], [ErrorCode.quotaExceeded, hourMs - 1000]);
      await refused(ErrorCode.blobNotFound, world.delivery.blobLength({ sha256: second.sha256 }));
      const tooLarge = await refusalOf(world.delivery.storeBlob(blobOf({ length: 101 })));
      assert.deepEqual([tooLarge.code, tooLarge.retryAfterMs], [ErrorCode.quotaExceeded, 0]);
      await world.delivery.storeBlob({ ...second, accountKey: random(32) });
      world.clock.nowMs += hourMs;
      await world.delivery.storeBlob(second);
    },
  ),

  refuses(
    "reserveBlob",
    ErrorCode.quotaExceeded,
    "over the account's quota, with the time until there is room",
    async (world) => {
      const first = blobOf();
      await world.delivery.storeBlob(first);
      world.clock.nowMs += 1000;
      const second = blobOf({ accountKey: first.accountKey });
      const refusal = await refusalOf(world.delivery.reserveBlob(second));
      assert.deepEqual([refusal.code, refusal.retryAfterMs], [ErrorCode.quotaExceeded, hourMs - 1000]);
      assert.equal(await world.delivery.reserveBlob({ ...second, length: 40 }), undefined);
      world.clock.nowMs += hourMs;
      assert.equal(await world.delivery.reserveBlob(second), undefined);
    },
  ),

  refuses(
    "reserveBlob",
    ErrorCode.quotaExceeded,
    "with 5,000 blobs of an account, and counts those that are being uploaded",
    async (world) => {
      const accountKey = random(32);
      const tiny = () => blobOf({ accountKey, length: 1, quota: 1e9 });
      await Promise.all(Array.from({ length: 4998 }, () => world.delivery.storeBlob(tiny())));
      assert.equal(await world.delivery.reserveBlob({ ...tiny(), underWay: { files: 1, bytes: 1 } }), undefined);
      await refused(
        ErrorCode.quotaExceeded,
        world.delivery.reserveBlob({ ...tiny(), underWay: { files: 2, bytes: 2 } }),
        world.delivery.reserveBlob({ ...tiny(), quota: 10_000, underWay: { files: 1, bytes: 5002 } }),
      );
      await world.delivery.storeBlob(tiny());
      await world.delivery.storeBlob(tiny());
      await refused(ErrorCode.quotaExceeded, world.delivery.storeBlob(tiny()));
    },
  ),

  does("storeBlob", "keeps a blob's record until its time is over, durably", async (world) => {
    const blob = blobOf();
    assert.deepEqual(await world.delivery.storeBlob(blob), { expiresMs: world.clock.nowMs + hourMs });
    await world.reopen();
    world.clock.nowMs += hourMs - 1;
    assert.equal(await world.delivery.blobLength({ sha256: blob.sha256 }), blob.length);
    world.clock.nowMs += 1;
    await refused(ErrorCode.blobNotFound, world.delivery.blobLength({ sha256: blob.sha256 }));
  }),

  repeats("storeBlob", "lengthens the blob's life and counts it once", async (world) => {
    const blob = blobOf();
    await world.delivery.storeBlob(blob);
    world.clock.nowMs += 1000;
    assert.deepEqual(await world.delivery.storeBlob(blob), { expiresMs: world.clock.nowMs + hourMs });
    await world.delivery.storeBlob(blobOf({ accountKey: blob.accountKey, length: 40 }));
  }),

  races("storeBlob", "takes exactly one of two blobs at once where one has room", async (world) => {
    const accountKey = random(32);
    const blobs = [blobOf({ accountKey }), blobOf({ accountKey })];
    const outcomes = await Promise.all(blobs.map((blob) => outcome(world.delivery.storeBlob(blob))));
    assert.deepEqual([...outcomes].sort(), ["E032", "ok"]);
    const lengths = blobs.map(({ sha256 }) => outcome(world.delivery.blobLength({ sha256 })));
    assert.deepEqual(await Promise.all(lengths), outcomes.map((answer) => answer === "ok" ? "ok" : "E031"));
  }),

  does("reserveBlob", "gives nothing for a blob that is not there, and stores nothing", async (world) => {
    const blob = blobOf();
    assert.equal(await world.delivery.reserveBlob(blob), undefined);
    await refused(ErrorCode.blobNotFound, world.delivery.blobLength({ sha256: blob.sha256 }));
    await world.delivery.storeBlob(blob);
    world.clock.nowMs += hourMs;
    assert.equal(await world.delivery.reserveBlob(blob), undefined, "nor for one whose time is over");
  }),

  does("reserveBlob", "keeps a blob that is there for another account, too", async (world) => {
    const first = blobOf();
    const second = { ...first, accountKey: random(32), ttlMs: 3 * hourMs };
    await world.delivery.storeBlob(first);
    assert.deepEqual(await world.delivery.reserveBlob(second), { expiresMs: world.clock.nowMs + 3 * hourMs });
    world.clock.nowMs += 2 * hourMs;
    assert.equal(await world.delivery.blobLength({ sha256: first.sha256 }), first.length);
    const more = blobOf({ accountKey: second.accountKey });
    await refused(ErrorCode.quotaExceeded, world.delivery.storeBlob(more));
  }),

  repeats("reserveBlob", "lengthens the life of a blob that is there, and counts it once", async (world) => {
    const blob = blobOf();
    await world.delivery.storeBlob(blob);
    for (let count = 0; count < 2; count++) {
      world.clock.nowMs += 1000;
      assert.deepEqual(await world.delivery.reserveBlob(blob), { expiresMs: world.clock.nowMs + hourMs });
    }
    await world.delivery.storeBlob(blobOf({ accountKey: blob.accountKey, length: 40 }));
  }),

  races("reserveBlob", "keeps a blob for both of two accounts that come at once", async (world) => {
    const blob = blobOf();
    await world.delivery.storeBlob(blob);
    const others = [random(32), random(32)].map((accountKey) => ({ ...blob, accountKey, ttlMs: 2 * hourMs }));
    const answers = await Promise.all(others.map((other) => world.delivery.reserveBlob(other)));
    assert.ok(answers.every((answer) => answer !== undefined));
    for (const { accountKey } of others) {
      await refused(ErrorCode.quotaExceeded, world.delivery.storeBlob(blobOf({ accountKey })));
    }
  }),

  refuses("reserveBlob", ErrorCode.malformed, "when the blob is there with another length", async (world) => {
    const blob = blobOf();
    await world.delivery.storeBlob(blob);
    await refused(ErrorCode.malformed, world.delivery.reserveBlob({ ...blob, length: 59 }));
  }),

  does("blobLength", "gives the length to anybody", async (world) => {
    const blob = blobOf();
    await world.delivery.storeBlob(blob);
    assert.equal(await world.delivery.blobLength({ sha256: blob.sha256 }), 60);
  }),

  refuses("blobLength", ErrorCode.blobNotFound, "for a blob that is not there or whose time is over", async (world) => {
    const blob = blobOf();
    await world.delivery.storeBlob(blob);
    await refused(ErrorCode.blobNotFound, world.delivery.blobLength({ sha256: random(32) }));
    world.clock.nowMs += hourMs;
    await refused(ErrorCode.blobNotFound, world.delivery.blobLength({ sha256: blob.sha256 }));
  }),
];
