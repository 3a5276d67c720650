import assert from "node:assert/strict";
import { delivery } from "../../schema/rpc/methods.ts";
import { makeChannel, outcome, withService } from "../testing/delivery_service.ts";
import { random } from "../testing/seed.ts";

Deno.test("createChannel() makes a channel at epoch 0 with its creator, and is idempotent for the creator only", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = random(32);
    const create = (device: typeof ann, id = channelId) =>
      outcome(as(device).call(delivery.createChannel, { channelId: id }));
    assert.equal(await create(ann), "ok");
    assert.equal(await create(ann), "ok");
    assert.equal(await create(bob), "E003");
    assert.equal(await create(ann, random(31)), "E014");
    assert.deepEqual(await as(ann).call(delivery.channelState, { channelId }), {
      epoch: 0,
      members: [ann.recipientKey],
    });
  }));

Deno.test("createChannel() is E032 after 1,000 channels of a device", () =>
  withService(2, async ({ as, deps, devices: [ann, bob] }) => {
    for (let index = 0; index < 1000; index++) {
      await deps.store.createChannel({ creator: ann.recipientKey, channelId: random(32) });
    }
    assert.equal(await outcome(as(ann).call(delivery.createChannel, { channelId: random(32) })), "E032");
    assert.equal(await outcome(as(bob).call(delivery.createChannel, { channelId: random(32) })), "ok");
  }));

Deno.test("channelState() is E016 for strangers and for channels that do not exist", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann]);
    assert.equal(await outcome(as(bob).call(delivery.channelState, { channelId })), "E016");
    assert.equal(await outcome(as(bob).call(delivery.channelState, { channelId: random(32) })), "E016");
  }));
