/** Behaviours of reading a queue. */

import assert from "node:assert/strict";
import type { Bytes } from "../../../../schema/bytes.ts";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import { random } from "../../../testing/seed.ts";
import type { DeviceKeys } from "../../account_store.ts";
import type { DeliveryStore, FetchArgs } from "../../delivery_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { commitOf, dayMs, messageOf, newDevice, refusalOf, refused, type World } from "../world.ts";

const wholeQueue = new Uint8Array();
const pieceBytes = 64 * 1024;
/** A cursor that no queue has reached. */
const farAhead = 1_000_000;
/** Entries are numbered anew once in this time. */
const renumberMs = 600_000;

const fetchOf = (world: World, { recipientKey }: DeviceKeys, asked: Partial<FetchArgs> = {}) =>
  world.delivery.fetch({ recipientKey, channelId: wholeQueue, after: 0, limit: 200, ...asked });

const publish = (world: World, sender: DeviceKeys, channelId: Bytes, envelope: Bytes = random(256)) =>
  world.delivery.publish(messageOf(sender, channelId, 1, { envelope }));

/** bob's queue: a Welcome, then `count` messages of ann. */
async function waiting(world: World, count: number) {
  const [ann, bob] = await world.devices(2);
  const channelId = await world.channel([ann, bob]);
  for (let index = 0; index < count; index++) await publish(world, ann, channelId, Uint8Array.of(index));
  return { ann, bob, channelId };
}

const seqsOf = (entries: { seq: number }[]) => entries.map(({ seq }) => seq);

export const readingBehaviours: Behaviour<keyof DeliveryStore>[] = [
  does("fetch", "gives the entries behind the cursor in rising order, at most `limit`", async (world) => {
    const { bob } = await waiting(world, 6);
    const all = seqsOf(await fetchOf(world, bob));
    assert.equal(all.length, 7);
    assert.deepEqual(all, all.toSorted((a, b) => a - b));
    assert.ok(all[0] > 0);
    assert.deepEqual(seqsOf(await fetchOf(world, bob, { after: all[1], limit: 3 })), all.slice(2, 5));
    assert.deepEqual(await fetchOf(world, bob, { after: all[6] }), []);
  }),

  does("fetch", "gives at most about 192 KiB at once, but at least one entry", async (world) => {
    const { ann, bob, channelId } = await waiting(world, 0);
    await world.empty(bob);
    for (let index = 0; index < 5; index++) await publish(world, ann, channelId, random(60_000));
    assert.equal((await fetchOf(world, bob)).length, 3);
    const many = await world.devices(150);
    const members = [ann, bob, ...many];
    const large = commitOf({ sender: ann, channelId, epoch: 1, members, added: many }, { commit: random(pieceBytes) });
    const headers = large.headers.map((header) => ({ ...header, header: new Uint8Array(200_000) }));
    await world.empty(bob);
    await world.delivery.commit({ ...large, headers });
    assert.equal((await fetchOf(world, bob)).length, 1);
  }),

  does("fetch", "gives one channel's entries alone when it names one, and nothing of others", async (world) => {
    const { ann, bob, channelId } = await waiting(world, 1);
    const other = await world.channel([ann, bob]);
    await publish(world, ann, other);
    const all = await fetchOf(world, bob);
    const ofOther = await fetchOf(world, bob, { channelId: other });
    assert.deepEqual(seqsOf(ofOther), [all[2].seq, all[3].seq]);
    assert.deepEqual(seqsOf(await fetchOf(world, bob, { channelId, after: all[0].seq })), [all[1].seq]);
    assert.deepEqual(await fetchOf(world, bob, { channelId: random(32) }), []);
  }),

  does("fetch", "gives bodies of up to 64 KiB, and of larger ones the length", async (world) => {
    const { ann, bob, channelId } = await waiting(world, 0);
    const [fits, large] = [random(pieceBytes), new Uint8Array(pieceBytes + 1)];
    await publish(world, ann, channelId, fits);
    await publish(world, ann, channelId, large);
    const [, first, second] = await fetchOf(world, bob);
    assert.deepEqual([first.body, first.bodyLength], [fits, pieceBytes]);
    assert.deepEqual([second.body.length, second.bodyLength], [0, pieceBytes + 1]);
  }),

  does("fetch", "gives nothing to a device for which nothing was ever queued", async (world) => {
    assert.deepEqual(await fetchOf(world, newDevice()), []);
    assert.deepEqual(await fetchOf(world, newDevice(), { after: farAhead }), []);
  }),

  does("fetch", "leaves what it gave in the queue, across a restart", async (world) => {
    const { bob } = await waiting(world, 2);
    const before = await fetchOf(world, bob);
    await world.reopen();
    assert.deepEqual(await fetchOf(world, bob), before);
  }),

  does("fetch", "numbers what waits anew for a device that has seen higher numbers", async (world) => {
    const { ann, bob, channelId } = await waiting(world, 3);
    const before = await fetchOf(world, bob);
    const again = await fetchOf(world, bob, { after: farAhead });
    assert.deepEqual(again.map(({ id }) => id), before.map(({ id }) => id), "in their order");
    assert.ok(again.every(({ seq }) => seq > farAhead));
    await publish(world, ann, channelId);
    const next = await fetchOf(world, bob, { after: again.at(-1)!.seq });
    assert.equal(next.length, 1);
  }),

  does("fetch", "numbers from a device's high cursor also when its queue was empty", async (world) => {
    const [ann, bob] = await world.devices(2);
    await fetchOf(world, bob, { after: farAhead });
    const channelId = await world.channel([ann, bob]);
    await publish(world, ann, channelId);
    assert.equal((await fetchOf(world, bob, { after: farAhead })).length, 2);
  }),

  does("fetch", "of one channel changes no number, however high the cursor", async (world) => {
    const { bob, channelId } = await waiting(world, 1);
    const before = await fetchOf(world, bob);
    assert.deepEqual(await fetchOf(world, bob, { channelId, after: farAhead }), []);
    assert.deepEqual(await fetchOf(world, bob), before);
  }),

  repeats("fetch", "gives the same entries under the same numbers, renumbered ones too", async (world) => {
    const { bob } = await waiting(world, 3);
    assert.deepEqual(await fetchOf(world, bob), await fetchOf(world, bob));
    const again = await fetchOf(world, bob, { after: farAhead });
    assert.deepEqual(await fetchOf(world, bob, { after: farAhead }), again);
  }),

  races(
    "fetch",
    "gives two readers with a high cursor the same numbers, and a new message one above",
    async (world) => {
      const { ann, bob, channelId } = await waiting(world, 3);
      const high = { after: farAhead };
      const [one, , two] = await Promise.all([
        fetchOf(world, bob, high),
        publish(world, ann, channelId),
        fetchOf(world, bob, high),
      ]);
      const after = await fetchOf(world, bob, high);
      assert.equal(after.length, 5);
      assert.deepEqual(after.slice(0, one.length), one);
      assert.deepEqual(after.slice(0, two.length), two);
      assert.equal(new Set(seqsOf(after)).size, 5);
    },
  ),

  refuses("fetch", ErrorCode.forbidden, "for a revoked device", async (world) => {
    const bob = await world.person();
    const [ann] = await world.devices(1);
    const channelId = await world.channel([ann, bob.device]);
    const neverQueued = await world.person();
    for (const person of [bob, neverQueued]) {
      await world.revoke(person);
      await refused(
        ErrorCode.forbidden,
        fetchOf(world, person.device),
        fetchOf(world, person.device, { channelId }),
        fetchOf(world, person.device, { after: farAhead }),
      );
    }
  }),

  does("fetch", "raises the numbers to the cursor, and never adds to them", async (world) => {
    const { ann, bob, channelId } = await waiting(world, 2);
    for (const after of [farAhead, farAhead + 10, 2 ** 33, 2 ** 44]) {
      world.clock.nowMs += renumberMs;
      const given = await fetchOf(world, bob, { after });
      assert.deepEqual(seqsOf(given), [after + 1, after + 2, after + 3]);
    }
    await publish(world, ann, channelId);
    assert.equal((await world.queue(bob)).at(-1)!.seq, 2 ** 44 + 4);
  }),

  refuses("fetch", ErrorCode.cursorAhead, "for a cursor that no server can have given", async (world) => {
    const { ann, bob, channelId } = await waiting(world, 1);
    const before = await fetchOf(world, bob);
    const largest = world.clock.nowMs * 1024 + 2 ** 33;
    for (const asked of [{}, { channelId }]) {
      const ask = (after: number) => fetchOf(world, bob, { ...asked, after });
      await refused(ErrorCode.cursorAhead, ask(largest + 1), ask(2 ** 52), ask(2 ** 52 + 1), ask(2 ** 53 - 1));
    }
    await refused(ErrorCode.cursorAhead, fetchOf(world, newDevice(), { after: largest + 1 }));
    assert.deepEqual(await fetchOf(world, bob), before, "it reads from 0");
    // What a cursor alone has raised was given to nobody.
    await world.empty(bob);
    assert.deepEqual(await fetchOf(world, bob, { after: largest }), []);
    await refused(ErrorCode.cursorAhead, fetchOf(world, bob, { after: largest + 1 }));
    await publish(world, ann, channelId);
    assert.deepEqual(seqsOf(await fetchOf(world, bob, { after: largest })), [largest + 1]);
    await world.empty(bob);
    assert.deepEqual(await fetchOf(world, bob, { after: largest + 1 + 2 ** 33 }), [], "it counts from what was given");
  }),

  refuses("fetch", ErrorCode.cursorAhead, "beyond 2^52, in whatever steps a cursor rises", async (world) => {
    const { ann, bob, channelId } = await waiting(world, 1);
    world.clock.nowMs = 2 ** 42 - 1;
    const given = await fetchOf(world, bob, { after: 2 ** 52 });
    assert.deepEqual(seqsOf(given), [2 ** 52 + 1, 2 ** 52 + 2]);
    await refused(ErrorCode.cursorAhead, fetchOf(world, bob, { after: 2 ** 52 + 3 }));
    await publish(world, ann, channelId);
    assert.equal((await fetchOf(world, bob)).length, 3);
  }),

  refuses("fetch", ErrorCode.rateLimited, "for a queue that was numbered anew within ten minutes", async (world) => {
    const { bob } = await waiting(world, 3);
    const again = await fetchOf(world, bob, { after: farAhead });
    world.clock.nowMs += renumberMs - 1;
    const refusal = await refusalOf(fetchOf(world, bob, { after: 2 * farAhead }));
    assert.deepEqual([refusal.code, refusal.retryAfterMs], [ErrorCode.rateLimited, 1]);
    assert.deepEqual(await fetchOf(world, bob, { after: farAhead }), again);
    world.clock.nowMs += 1;
    assert.equal((await fetchOf(world, bob, { after: 2 * farAhead })).length, 4);
    world.clock.nowMs -= 30 * dayMs;
    assert.equal((await fetchOf(world, bob, { after: 3 * farAhead })).length, 4, "a clock that was set back");
  }),

  does("bodyPiece", "gives a body in pieces of 64 KiB, and undefined behind the last", async (world) => {
    const { ann, bob, channelId } = await waiting(world, 0);
    const body = random(60_000);
    const commit = new Uint8Array(pieceBytes * 2 + 5).map((_, index) => body[index % body.length]);
    await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob] }, { commit }));
    const { seq, kind } = (await world.queue(bob)).at(-1)!;
    assert.equal(kind, EntryKind.COMMIT);
    const piece = (index: number) => world.delivery.bodyPiece({ recipientKey: bob.recipientKey, seq, index });
    assert.deepEqual(await piece(0), commit.slice(0, pieceBytes));
    assert.deepEqual(await piece(1), commit.slice(pieceBytes, 2 * pieceBytes));
    assert.deepEqual(await piece(2), commit.slice(2 * pieceBytes));
    for (const index of [3, 4, 1023, 1024, 5000]) assert.equal(await piece(index), undefined);
  }),

  refuses(
    "bodyPiece",
    ErrorCode.unknownRecipient,
    "for an entry that is not there, has no body, or is another's",
    async (world) => {
      const { ann, bob } = await waiting(world, 1);
      const [{ seq: ownCommit }] = await world.queue(ann);
      const [welcome, message] = await world.queue(bob);
      const ask = ({ recipientKey }: DeviceKeys, seq: number) =>
        world.delivery.bodyPiece({ recipientKey, seq, index: 0 });
      assert.ok(await ask(bob, welcome.seq));
      await world.delivery.ack({ recipientKey: bob.recipientKey, upTo: welcome.seq });
      await refused(
        ErrorCode.unknownRecipient,
        ask(ann, ownCommit),
        ask(ann, message.seq),
        ask(bob, welcome.seq),
        ask(bob, farAhead),
        ask(newDevice(), message.seq),
      );
      assert.ok(await ask(bob, message.seq));
    },
  ),
];
