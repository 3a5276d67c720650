/** Behaviours of what is kept, and for how long: ids of messages, commits, channels. The numbers are those of docs. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import { random } from "../../../testing/seed.ts";
import type { CommitArgs, DeliveryStore } from "../../delivery_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { commitOf, dayMs, messageOf, outcome, refused, type World } from "../world.ts";

const [maxSent, leastSent, keptCommits, maxChannels] = [20_000, 64, 100, 2000];

async function purgeAll(world: World): Promise<void> {
  for (let after: number | undefined = 0; after !== undefined;) {
    ({ after } = await world.delivery.purgeQueues({ ageMs: 90 * dayMs, after }));
  }
  for (let after: number | undefined = 0; after !== undefined;) {
    ({ after } = await world.delivery.purgeChannels({ after }));
  }
}

/** A channel of ann and bob, who reads nothing, in which ann has made `count` commits and read what came of them. */
async function manyCommits(world: World, count: number) {
  const [ann, bob] = await world.devices(2);
  const members = [ann, bob];
  const channelId = await world.channel(members);
  const commits: CommitArgs[] = [];
  for (let epoch = 1; epoch <= count; epoch++) {
    commits.push(commitOf({ sender: ann, channelId, epoch, members }, { commit: Uint8Array.of(1) }));
    await world.delivery.commit(commits.at(-1)!);
  }
  await world.empty(ann);
  return { ann, bob, channelId, commits, ask: (args: CommitArgs) => outcome(world.delivery.checkCommit(args)) };
}

export const retentionBehaviours: Behaviour<keyof DeliveryStore>[] = [
  does("purgeQueues", "forgets after 30 days what a device sent, but the newest 64 of it", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const message = messageOf(ann, channelId, 1);
    const direct = { ...messageOf(ann, channelId, 1), recipientKey: bob.recipientKey, body: random(9) };
    const send = async () => [
      (await world.delivery.publish(message)).queued.length,
      (await world.delivery.enqueue(direct)).queued.length,
    ];
    assert.deepEqual(await send(), [1, 1]);
    world.clock.nowMs += 1;
    for (let count = 0; count < leastSent; count++) await world.delivery.publish(messageOf(ann, channelId, 1));
    world.clock.nowMs += 30 * dayMs - 2;
    await purgeAll(world);
    assert.deepEqual(await send(), [0, 0]);
    world.clock.nowMs += 1;
    await purgeAll(world);
    const newest = messageOf(ann, channelId, 1);
    assert.deepEqual(await send(), [1, 1]);
    // Whatever the clock says, the newest stay: a device repeats none but these.
    await world.delivery.publish(newest);
    world.clock.nowMs += 1000 * dayMs;
    await purgeAll(world);
    assert.deepEqual((await world.delivery.publish(newest)).queued, []);
  }),

  does("purgeQueues", "forgets what is behind the newest 20,000 that a device sent", async (world) => {
    const [ann] = await world.devices(1);
    const channelId = await world.channel([ann]);
    const messages = Array.from({ length: maxSent + 10 }, () => messageOf(ann, channelId, 1, { envelope: random(1) }));
    for (const part of [messages.slice(0, 10), messages.slice(10)]) {
      await Promise.all(part.map((message) => world.delivery.publish(message)));
      world.clock.nowMs += 1;
    }
    await purgeAll(world);
    const newest = await world.delivery.publish(messages.at(-1)!);
    assert.ok((await world.delivery.publish(messages[10])).place < newest.place, "it is known");
    assert.ok((await world.delivery.publish(messages[9])).place > newest.place, "it is not: a new message");
  }),

  does("commit", "is known to its maker while an entry of it waits, and of a channel the newest 100", async (world) => {
    const { bob, commits, ask } = await manyCommits(world, keptCommits + 20);
    await purgeAll(world);
    assert.deepEqual(await Promise.all(commits.map(ask)), commits.map(() => "ok"), "bob has read none");
    const lists = (await world.queue(bob)).filter(({ kind }) => kind === EntryKind.COMMIT);
    assert.ok(
      lists.length === commits.length && lists.every(({ place, membersHash }) => place > 0 && membersHash.length),
    );
  }),

  does("purgeChannels", "forgets commits behind the newest 100 once nothing of them waits", async (world) => {
    const { bob, commits, ask } = await manyCommits(world, keptCommits + 20);
    await world.empty(bob);
    await purgeAll(world);
    const known = await Promise.all(commits.map(ask));
    // The commit of epoch 121 − 100 is the first that stays; the first of all made epoch 2.
    assert.equal(known.lastIndexOf("E017"), 19);
    assert.deepEqual(known.slice(20), Array(keptCommits).fill("ok"));
  }),

  does("commit", "alone in its channel forgets the one that is 100 epochs behind, without a purge", async (world) => {
    const [ann] = await world.devices(1);
    const channelId = await world.channel([ann]);
    const commits: CommitArgs[] = [];
    for (let epoch = 1; epoch <= keptCommits + 1; epoch++) {
      commits.push(commitOf({ sender: ann, channelId, epoch, members: [ann] }));
      await world.delivery.commit(commits.at(-1)!);
      await world.empty(ann);
    }
    const ask = (args: CommitArgs) => outcome(world.delivery.checkCommit(args));
    assert.deepEqual(await Promise.all(commits.slice(0, 2).map(ask)), ["E017", "ok"]);
  }),

  refuses(
    "createChannel",
    ErrorCode.quotaExceeded,
    "after 2,000 channels of an account, on whatever device, and 2,000 in 24 h",
    async (world) => {
      const ann = await world.person();
      const { device: second } = await world.signIn(ann);
      const { device: third } = await world.signIn(ann);
      await world.list(ann, 1, [ann.device, second, third]);
      const make = (creator: typeof second) =>
        world.delivery.createChannel({ creator: creator.recipientKey, channelId: random(32) });
      for (const device of [ann.device, second]) {
        await Promise.all(Array.from({ length: maxChannels / 2 }, () => make(device)));
      }
      await refused(ErrorCode.quotaExceeded, make(third));
      world.clock.nowMs += dayMs;
      await purgeAll(world);
      await refused(ErrorCode.quotaExceeded, make(third));
      // Nobody can use the channels of a revoked device that was alone in them.
      await world.list(ann, 2, [second, third], [ann.device]);
      await purgeAll(world);
      await Promise.all(Array.from({ length: maxChannels / 2 }, () => make(third)));
      await refused(ErrorCode.quotaExceeded, make(second));
      world.clock.nowMs -= dayMs / 2;
      await world.list(ann, 3, [second], [ann.device, third]);
      await purgeAll(world);
      await refused(ErrorCode.quotaExceeded, make(second));
    },
  ),

  does("purgeChannels", "keeps a channel that a device can use, with all that waits of it", async (world) => {
    const [ann, bob] = [await world.person(), await world.person()];
    const channelId = await world.channel([ann.device, bob.device]);
    await world.delivery.publish(messageOf(ann.device, channelId, 1));
    await world.revoke(ann);
    await purgeAll(world);
    assert.equal((await world.delivery.channelState({ member: bob.recipientKey, channelId })).members.length, 2);
    await world.delivery.commit(
      commitOf({ sender: bob.device, channelId, epoch: 1, members: [bob.device], removed: [ann.device] }),
    );
    const kinds = (await world.queue(bob.device)).map(({ kind }) => kind);
    assert.deepEqual(kinds, [EntryKind.WELCOME, EntryKind.APPLICATION, EntryKind.OWN_COMMIT]);
  }),

  does(
    "purgeChannels",
    "closes a channel of revoked devices alone, whose messages a removed one still reads",
    async (world) => {
      const [ann, bob] = [await world.person(), await world.person()];
      const channelId = await world.channel([ann.device, bob.device]);
      await world.delivery.publish(messageOf(ann.device, channelId, 1));
      const only = { sender: ann.device, channelId, members: [ann.device] };
      await world.delivery.commit(commitOf({ ...only, epoch: 1, removed: [bob.device] }));
      await world.revoke(ann);
      await purgeAll(world);
      const before = await world.queue(bob.device);
      assert.deepEqual(before.map(({ kind }) => kind), [EntryKind.WELCOME, EntryKind.APPLICATION, EntryKind.REMOVED]);
      assert.ok(before.every(({ place, channelId: of }) => place > 0 && String(of) === String(channelId)));
      await refused(ErrorCode.forbidden, world.delivery.createChannel({ creator: bob.recipientKey, channelId }));
    },
  ),

  repeats("purgeChannels", "deletes nothing more", async (world) => {
    const { bob, commits, ask } = await manyCommits(world, keptCommits + 2);
    await world.empty(bob);
    for (let times = 0; times < 2; times++) {
      await purgeAll(world);
      assert.deepEqual((await Promise.all(commits.map(ask))).filter((answer) => answer === "E017").length, 2);
    }
  }),

  races("purgeChannels", "at the same time as a commit keeps what the commit needs", async (world) => {
    const { ann, bob, channelId } = await manyCommits(world, 3);
    const next = commitOf({ sender: ann, channelId, epoch: 4, members: [ann, bob] });
    const [, { n }] = await Promise.all([world.delivery.purgeChannels({ after: 0 }), world.delivery.commit(next)]);
    assert.deepEqual(await world.delivery.checkCommit(next).then((answer) => answer?.n), n);
    assert.equal((await world.queue(bob)).filter(({ kind }) => kind === EntryKind.COMMIT).length, 4);
  }),
];
