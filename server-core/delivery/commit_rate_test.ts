import assert from "node:assert/strict";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { makeChannel, outcome, sendCommit, withService } from "../testing/delivery_service.ts";
import { random, type TestDevice } from "../testing/seed.ts";

Deno.test("SERVERS 1: commit() takes 60 commits of an account in a channel at once, then one in 10 s (E005)", () =>
  withService(2, async ({ as, clock, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const other = await makeChannel(as, [ann, bob]);
    let epoch = 1;
    const commit = async (device: TestDevice) => {
      const refusal = await sendCommit(as(device), { channelId, epoch, members: [ann, bob] }).catch((error) => error);
      if (!(refusal instanceof WireError)) epoch++;
      return refusal instanceof WireError ? [refusal.code, refusal.retryAfterMs] : "ok";
    };
    // The one that made the channel counts, and one that loses its epoch does not.
    for (let count = 1; count < 60; count++) {
      const lost = { channelId, epoch: epoch + 1, members: [ann, bob] };
      assert.equal(await outcome(sendCommit(as(ann), lost)), "E015");
      assert.equal(await commit(ann), "ok");
    }
    assert.deepEqual(await commit(ann), [ErrorCode.rateLimited, 10_000]);
    assert.equal(await commit(bob), "ok", "others are not held up");
    assert.equal(await outcome(sendCommit(as(ann), { channelId: other, epoch: 1, members: [ann, bob] })), "ok");
    clock.nowMs += 10_000;
    assert.equal(await commit(ann), "ok");
    assert.deepEqual(await commit(ann), [ErrorCode.rateLimited, 10_000]);
  }));

Deno.test("SERVERS 1: a repeat of an accepted commit is answered, whatever the rate", () =>
  withService(1, async ({ as, devices: [ann] }) => {
    const channelId = await makeChannel(as, [ann]);
    const first = { channelId, epoch: 1, members: [ann], commitId: random(16), commit: random(300) };
    await sendCommit(as(ann), first);
    let epoch = 2;
    while (await outcome(sendCommit(as(ann), { channelId, epoch, members: [ann] })) === "ok") epoch++;
    assert.equal((await sendCommit(as(ann), first)).n, 2);
  }));
