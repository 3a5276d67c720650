import assert from "node:assert/strict";
import { delivery, EntryKind } from "../../schema/rpc/methods.ts";
import { makeChannel, outcome, publishTo, queueOf, sendCommit, withService } from "../testing/delivery_service.ts";
import { purgeDelivery } from "./blobs.ts";
import { random } from "../testing/seed.ts";

const day = 24 * 3600 * 1000;

Deno.test("publish() queues the envelope to every member but the sending device", () =>
  withService(3, async ({ as, clock, devices: [ann, bob, eve] }) => {
    const channelId = await makeChannel(as, [ann, bob, eve]);
    const { messageId, envelope, receivedMs } = await publishTo(as(ann), channelId, 1);
    assert.equal(receivedMs, clock.nowMs);
    for (const device of [bob, eve]) {
      const entry = (await queueOf(as(device), device)).at(-1)!;
      const { kind, epoch, id, body, bodyLength } = entry;
      assert.deepEqual({ kind, epoch, id, body, bodyLength }, {
        kind: EntryKind.APPLICATION,
        epoch: 1,
        id: messageId,
        body: envelope,
        bodyLength: envelope.length,
      });
      assert.deepEqual(entry.channelId, channelId);
      assert.equal(entry.receivedMs, receivedMs);
    }
    assert.ok((await queueOf(as(ann), ann)).every(({ kind }) => kind !== EntryKind.APPLICATION));
  }));

Deno.test("publish() stores a message once and repeats its answer, for 30 days and in any later epoch", () =>
  withService(2, async ({ as, clock, deps, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const first = await publishTo(as(ann), channelId, 1);
    clock.nowMs += 29 * day;
    await purgeDelivery(deps);
    await sendCommit(as(bob), { channelId, epoch: 1, members: [ann, bob] });
    const again = await publishTo(as(ann), channelId, 1, first.envelope, first.messageId);
    assert.equal(again.receivedMs, first.receivedMs);
    assert.equal((await queueOf(as(bob), bob)).filter(({ kind }) => kind === EntryKind.APPLICATION).length, 1);
    assert.equal(await outcome(publishTo(as(ann), channelId, 1, random(256), first.messageId)), "E014");
    for (let count = 0; count < 64; count++) await publishTo(as(ann), channelId, 2);
    clock.nowMs += 2 * day;
    await purgeDelivery(deps);
    assert.equal(
      await outcome(publishTo(as(ann), channelId, 1, first.envelope, first.messageId)),
      "E015",
      "forgotten, so judged anew",
    );
  }));

Deno.test("publish() treats the messageId of another device or channel as another message", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const one = await makeChannel(as, [ann, bob]);
    const two = await makeChannel(as, [ann, bob]);
    const messageId = random(16);
    await publishTo(as(ann), one, 1, random(256), messageId);
    await publishTo(as(bob), one, 1, random(256), messageId);
    await publishTo(as(ann), two, 1, random(256), messageId);
    assert.equal(
      (await queueOf(as(bob), bob)).filter(({ id }) => id[0] === messageId[0] && id[15] === messageId[15]).length,
      2,
    );
  }));

Deno.test("publish() is E016 for strangers, E015 at another epoch, E017 below the device's own epoch", () =>
  withService(3, async ({ as, devices: [ann, bob, eve] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    assert.equal(await outcome(publishTo(as(eve), channelId, 1)), "E016");
    assert.equal(await outcome(publishTo(as(ann), random(32), 1)), "E016");
    assert.equal(await outcome(publishTo(as(ann), channelId, 2)), "E015");
    assert.equal(await outcome(publishTo(as(bob), channelId, 0)), "E015");
    assert.equal(await outcome(publishTo(as(ann), channelId, 0)), "E017");
    const fresh = random(32);
    await as(eve).call(delivery.createChannel, { channelId: fresh });
    assert.equal(await outcome(publishTo(as(eve), fresh, 0)), "E015");
  }));

Deno.test("publish() is E011 over 128 KiB and E014 for an empty envelope and ids of a wrong length", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    assert.equal(await outcome(publishTo(as(ann), channelId, 1, new Uint8Array(128 * 1024 + 1))), "E011");
    assert.equal(await outcome(publishTo(as(ann), channelId, 1, new Uint8Array())), "E014");
    assert.equal(await outcome(publishTo(as(ann), channelId, 1, random(5), random(17))), "E014");
    assert.equal(await outcome(publishTo(as(ann), random(33), 1)), "E014");
    await publishTo(as(ann), channelId, 1, new Uint8Array(128 * 1024));
    const { entries } = await as(bob).call(delivery.fetch, {
      recipientKey: bob.recipientKey,
      channelId,
      after: 0,
      limit: 200,
    });
    assert.deepEqual([entries.at(-1)!.body.length, entries.at(-1)!.bodyLength], [0, 128 * 1024]);
  }));

Deno.test("publish() ephemeral reaches live subscribers only, under the same rules, and no disk", () =>
  withService(3, async ({ as, deps, devices: [ann, bob, eve] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const before = await queueOf(as(bob), bob);
    const live = as(bob).stream(delivery.subscribe, { recipientKey: bob.recipientKey, after: before.at(-1)!.seq });
    assert.deepEqual((await live.next()).value!.entries, []);
    const send = (device: typeof ann, epoch: number) =>
      as(device).call(delivery.publish, {
        channelId,
        epoch,
        messageId: random(16),
        envelope: Uint8Array.of(1, 2, 3),
        ephemeral: true,
      });
    await send(ann, 1);
    const { entries: [typing] } = (await live.next()).value!;
    assert.deepEqual([typing.seq, typing.kind, typing.body], [0, EntryKind.APPLICATION, Uint8Array.of(1, 2, 3)]);
    assert.equal((await queueOf(as(bob), bob)).length, before.length);
    assert.equal(await outcome(send(eve, 1)), "E016");
    assert.equal(await outcome(send(bob, 2)), "E015");
    assert.equal(await outcome(send(ann, 0)), "E017");
    await live.return(undefined);
    assert.ok(deps.live.size <= 1);
  }));

Deno.test("GRP-6.2: publish() accepts messages of the current epoch only (E015, E017)", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    assert.equal(await outcome(publishTo(as(bob), channelId, 1)), "ok");
    await sendCommit(as(ann), { channelId, epoch: 1, members: [ann, bob] });
    assert.equal(await outcome(publishTo(as(bob), channelId, 1)), "E015");
    assert.equal(await outcome(publishTo(as(bob), channelId, 2)), "ok", "the server can not know what bob has seen");
    assert.equal(await outcome(publishTo(as(ann), channelId, 1)), "E017", "ann made epoch 2 herself");
    const seq = (await queueOf(as(bob), bob)).at(-1)!.seq;
    await as(bob).call(delivery.ack, { recipientKey: bob.recipientKey, upTo: seq });
    assert.equal(await outcome(publishTo(as(bob), channelId, 1)), "E017");
    assert.equal(
      await outcome(sendCommit(as(bob), { channelId, epoch: 1, members: [ann, bob] })),
      "E017",
      "and commits likewise",
    );
  }));
