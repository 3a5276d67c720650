/** The places of entries over the wire: every way in which a device is told of them (specification §4.12). */

import assert from "node:assert/strict";
import { delivery, type Entry } from "../../schema/rpc/methods.ts";
import { commitCall, makeChannel, publishTo, queueOf, sendCommit, withService } from "../testing/delivery_service.ts";
import { random, type TestDevice } from "../testing/seed.ts";

const ephemeral = () => ({ epoch: 1, messageId: random(16), envelope: random(20), ephemeral: true });

/** Message or commit → place, in the order of the entries. */
const placesIn = (entries: Entry[]) => entries.map(({ id, place }) => [String(id), place]);

Deno.test("PEOPLE B2: all members and the senders are told one order, in each way of reading", () =>
  withService(3, async ({ as, devices: [ann, bob, eve] }) => {
    const channelId = await makeChannel(as, [ann, bob, eve]);
    const reading = ({ recipientKey }: TestDevice) => ({ recipientKey, channelId: new Uint8Array(), after: 1 });
    const live = as(eve).stream(delivery.subscribe, { recipientKey: eve.recipientKey, after: 1 });
    assert.deepEqual((await live.next()).value!.entries, []);

    const said: [string, number][] = [];
    const say = async (device: TestDevice, epoch: number, length = 200) => {
      const { messageId, place } = await publishTo(as(device), channelId, epoch, new Uint8Array(length));
      said.push([String(messageId), place]);
    };
    await say(ann, 1);
    // Its body is fetched by a call of its own.
    await say(bob, 1, 70_000);
    const sealed = [1, 1].map((epoch) => ({ epoch, messageId: random(16), envelope: random(99) }));
    const { answers } = await as(bob).call(delivery.publishInOrder, { channelId, messages: sealed });
    sealed.forEach(({ messageId }, index) => said.push([String(messageId), answers[index].place]));
    const { params, body } = commitCall({ channelId, epoch: 1, members: [ann, bob, eve] });
    const { place } = await as(ann).call(delivery.commit, params, {}, body);
    said.push([String(params.commitId), place]);
    await say(ann, 2);

    assert.deepEqual(said.map(([, place]) => place), said.map(([, place]) => place).sort((a, b) => a - b));
    assert.equal(new Set(said.map(([, place]) => place)).size, 6);
    const pushed: Entry[] = [];
    while (pushed.length < 6) pushed.push(...(await live.next()).value!.entries);
    await live.return(undefined);
    assert.deepEqual(placesIn(pushed), said, "live");
    assert.deepEqual(placesIn(await queueOf(as(eve), eve, 1)), said, "fetch");
    const waited = await as(eve).call(delivery.fetchWait, { ...reading(eve), limit: 200, timeoutMs: 1 });
    assert.deepEqual(placesIn(waited.entries), said, "fetchWait");
    const backlog = as(eve).stream(delivery.subscribe, { recipientKey: eve.recipientKey, after: 1 });
    assert.deepEqual(placesIn((await backlog.next()).value!.entries), said, "subscribe");
    await backlog.return(undefined);
    const ofOthers = (mine: number[]) => said.filter((_, index) => !mine.includes(index));
    assert.deepEqual(placesIn(await queueOf(as(bob), bob, 1)), ofOthers([1, 2, 3]), "a sender");
    assert.deepEqual(placesIn(await queueOf(as(ann), ann, 1)), ofOthers([0, 5]), "the committer");
  }));

Deno.test("PEOPLE B2: a repeated message or commit is told its first place", () =>
  withService(2, async ({ as, clock, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const message = await publishTo(as(ann), channelId, 1);
    const { params, body } = commitCall({ channelId, epoch: 1, members: [ann, bob] });
    const { place } = await as(bob).call(delivery.commit, params, {}, body);
    await publishTo(as(bob), channelId, 2);
    clock.nowMs += 60_000;
    const { messageId, envelope } = message;
    assert.equal((await publishTo(as(ann), channelId, 1, envelope, messageId)).place, message.place);
    const inOrder = { channelId, messages: [{ epoch: 1, messageId, envelope }] };
    assert.equal((await as(ann).call(delivery.publishInOrder, inOrder)).answers[0].place, message.place);
    assert.equal((await as(bob).call(delivery.commit, params, {}, body)).place, place);
    assert.ok(place > message.place);
  }));

Deno.test("PEOPLE B2: a Welcome and a `removed` have the place of their commit, ephemeral ones have none", () =>
  withService(3, async ({ as, devices: [ann, bob, eve] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const live = as(bob).stream(delivery.subscribe, { recipientKey: bob.recipientKey, after: 1 });
    assert.deepEqual((await live.next()).value!.entries, []);
    assert.equal((await as(ann).call(delivery.publish, { channelId, ...ephemeral() })).place, 0);
    const [{ seq, place }] = (await live.next()).value!.entries;
    assert.deepEqual([seq, place], [0, 0]);
    await live.return(undefined);
    const answer = await sendCommit(as(ann), {
      channelId,
      epoch: 1,
      members: [ann, eve],
      removed: [bob],
      added: [eve],
    });
    for (const device of [ann, bob, eve]) {
      const last = (await queueOf(as(device), device)).at(-1)!;
      assert.equal(last.place, answer.place, `kind ${last.kind}`);
    }
  }));
