import assert from "node:assert/strict";
import { delivery, EntryKind } from "../../schema/rpc/methods.ts";
import { makeChannel, outcome, queueOf, type TestService, withService } from "../testing/delivery_service.ts";
import { openDatabase } from "../storage/sqlite/open.ts";
import { random, type TestDevice } from "../testing/seed.ts";

function enqueuing(
  { as }: TestService,
  from: TestDevice,
  to: { recipientKey: Uint8Array<ArrayBuffer> },
  channelId: Uint8Array<ArrayBuffer>,
) {
  return (body = random(40), messageId = random(16)) =>
    as(from).call(delivery.enqueue, { recipientKey: to.recipientKey, channelId, messageId, body });
}

Deno.test("enqueue() queues a device message to one device of the channel, a repeat once", () =>
  withService(3, async (service) => {
    const { as, devices: [ann, bob, eve] } = service;
    const channelId = await makeChannel(as, [ann, bob, eve]);
    const send = enqueuing(service, ann, bob, channelId);
    const body = random(40);
    const messageId = random(16);
    assert.deepEqual(await send(body, messageId), { stored: true });
    assert.deepEqual(await send(body, messageId), { stored: true });
    const direct = (await queueOf(as(bob), bob)).filter(({ kind }) => kind === EntryKind.DIRECT);
    assert.deepEqual(direct.map((entry) => [entry.id, entry.body, entry.channelId]), [[messageId, body, channelId]]);
    assert.equal((await queueOf(as(eve), eve)).filter(({ kind }) => kind === EntryKind.DIRECT).length, 0);
    assert.equal(await outcome(send(random(41), messageId)), "E014");
    assert.deepEqual(
      await enqueuing(service, ann, eve, channelId)(random(3), messageId),
      { stored: true },
      "ids are of the pair",
    );
  }));

Deno.test("enqueue() is E016 for a caller outside of the channel, E012 for a recipient outside, E011 over 64 KiB", () =>
  withService(3, async (service) => {
    const { as, devices: [ann, bob, eve] } = service;
    const channelId = await makeChannel(as, [ann, bob]);
    assert.equal(await outcome(enqueuing(service, eve, bob, channelId)()), "E016");
    assert.equal(await outcome(enqueuing(service, ann, eve, channelId)()), "E012");
    assert.equal(await outcome(enqueuing(service, ann, { recipientKey: random(32) }, channelId)()), "E012");
    assert.equal(await outcome(enqueuing(service, ann, bob, channelId)(new Uint8Array(65_536))), "ok");
    assert.equal(await outcome(enqueuing(service, ann, bob, channelId)(new Uint8Array(65_537))), "E011");
  }));

Deno.test("enqueue() is E013 with 100 waiting for the pair, until some are acked", () =>
  withService(3, async (service) => {
    const { as, devices: [ann, bob, eve] } = service;
    const channelId = await makeChannel(as, [ann, bob, eve]);
    const send = enqueuing(service, ann, bob, channelId);
    for (let index = 0; index < 100; index++) await send();
    assert.equal(await outcome(send()), "E013");
    assert.equal(await outcome(enqueuing(service, eve, bob, channelId)()), "ok", "another sender");
    const [first] = (await queueOf(as(bob), bob)).filter(({ kind }) => kind === EntryKind.DIRECT);
    await as(bob).call(delivery.ackEntries, { recipientKey: bob.recipientKey, seqs: [first.seq] });
    assert.equal(await outcome(send()), "ok");
    assert.equal(await outcome(send()), "E013");
  }));

Deno.test("SERVERS 8: enqueue() is E013 with 300 waiting of an account, whichever of its devices sent them", () =>
  withService(6, async (service) => {
    const { as, dataDir, devices } = service;
    const [bob, eve, ...own] = devices;
    const db = openDatabase({ dataDir });
    for (const { deviceId } of own) {
      db.run("UPDATE devices SET account_key = ? WHERE device_id = ?", own[0].accountKey, deviceId);
    }
    db.close();
    const channelId = await makeChannel(as, devices);
    for (const device of own.slice(0, 3)) {
      const send = enqueuing(service, device, bob, channelId);
      for (let index = 0; index < 100; index++) await send(random(1));
    }
    assert.equal(await outcome(enqueuing(service, own[3], bob, channelId)()), "E013");
    assert.equal(await outcome(enqueuing(service, own[3], eve, channelId)()), "ok", "another recipient");
    assert.equal(await outcome(enqueuing(service, eve, bob, channelId)()), "ok", "another account");
  }));
