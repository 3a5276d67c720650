import assert from "node:assert/strict";
import type { Bytes } from "../../schema/bytes.ts";
import type { RpcClient } from "../../schema/rpc/client.ts";
import { ErrorCode } from "../../schema/rpc/errors.ts";
import { delivery, EntryKind } from "../../schema/rpc/methods.ts";
import { makeChannel, outcome, publishTo, queueOf, sendCommit, withService } from "../testing/delivery_service.ts";
import { random } from "../testing/seed.ts";

interface Message {
  epoch: number;
  messageId: Bytes;
  envelope: Bytes;
}

function messages(count: number, epoch = 1): Message[] {
  return Array.from({ length: count }, () => ({ epoch, messageId: random(16), envelope: random(300) }));
}

const send = async (client: RpcClient, channelId: Bytes, messages: Message[]) =>
  (await client.call(delivery.publishInOrder, { channelId, messages })).answers;

Deno.test("PEOPLE B0: publishInOrder() stores 16 messages in their order and hands them on live", () =>
  withService(2, async ({ as, clock, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const before = (await queueOf(as(bob), bob)).at(-1)!.seq;
    const live = as(bob).stream(delivery.subscribe, { recipientKey: bob.recipientKey, after: before });
    assert.deepEqual((await live.next()).value!.entries, []);
    const sent = messages(16);
    const answers = await send(as(ann), channelId, sent);
    assert.deepEqual(
      answers.map(({ code, receivedMs }) => [code, receivedMs]),
      sent.map(() => [0, clock.nowMs]),
    );
    const handedOn = [];
    while (handedOn.length < 16) handedOn.push(...(await live.next()).value!.entries);
    await live.return(undefined);
    const queued = (await queueOf(as(bob), bob)).filter(({ kind }) => kind === EntryKind.APPLICATION);
    for (const entries of [handedOn, queued]) {
      assert.deepEqual(entries.map(({ id, epoch, body }) => ({ messageId: id, epoch, envelope: body })), sent);
    }
  }));

Deno.test("PEOPLE B0: publishInOrder() takes nothing behind a message that it refuses", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const [late] = messages(1);
    const present = messages(2, 2);
    await sendCommit(as(ann), { channelId, epoch: 1, members: [ann, bob] });
    const { epochConflict, malformed } = ErrorCode;
    assert.deepEqual(await send(as(bob), channelId, [late, ...present]), [{
      code: epochConflict,
      receivedMs: 0,
      place: 0,
    }]);
    const { messageId } = await publishTo(as(bob), channelId, 2);
    const used = { ...present[0], messageId };
    assert.deepEqual((await send(as(bob), channelId, [used, present[1]])).map(({ code }) => code), [malformed]);
    const queued = (await queueOf(as(ann), ann)).filter(({ kind }) => kind === EntryKind.APPLICATION);
    assert.deepEqual(queued.map(({ id }) => id), [messageId]);
  }));

Deno.test("publishInOrder() is E014 for none, for more than 16 and for malformed ones, E011 or E016", () =>
  withService(3, async ({ as, devices: [ann, bob, eve] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const of = (client: RpcClient, sent: Message[], channel = channelId) => outcome(send(client, channel, sent));
    const [good, other] = messages(2);
    assert.equal(await of(as(ann), []), "E014");
    assert.equal(await of(as(ann), messages(17)), "E014");
    assert.equal(await of(as(ann), [good, { ...other, messageId: random(15) }]), "E014");
    assert.equal(await of(as(ann), [good, { ...other, envelope: new Uint8Array() }]), "E014");
    assert.equal(await of(as(ann), [good, other], random(31)), "E014");
    assert.equal(await of(as(ann), [good, { ...other, envelope: new Uint8Array(128 * 1024 + 1) }]), "E011");
    assert.equal(await of(as(eve), [good, other]), "E016");
    assert.ok((await queueOf(as(bob), bob)).every(({ kind }) => kind !== EntryKind.APPLICATION), "nothing was stored");
    assert.equal(await of(as(ann), [good, other]), "ok");
  }));

Deno.test("PEOPLE B0: each message of publishInOrder() counts as a call", async () => {
  const counted: number[] = [];
  await withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    await send(as(ann), channelId, messages(16));
    await send(as(ann), channelId, messages(1));
  }, { countCalls: (_caller, calls) => void counted.push(calls) });
  assert.deepEqual(counted, [15, 0], "besides the call itself");
});
