/** Behaviours of accepted commits: the changes, and the entries of each device. */

import assert from "node:assert/strict";
import { concat, toHex } from "../../../../schema/bytes.ts";
import { EntryKind } from "../../../../schema/rpc/methods.ts";
import { random, sha256 } from "../../../testing/seed.ts";
import type { DeliveryStore } from "../../delivery_store.ts";
import { type Behaviour, does, races, repeats } from "../behaviour.ts";
import { commitOf, headerOf, messageOf, outcome } from "../world.ts";

const nothing = new Uint8Array();

export const commitBehaviours: Behaviour<keyof DeliveryStore>[] = [
  does("checkCommit", "gives nothing for a commit that may be made, and changes nothing", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const plan = commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob] });
    assert.equal(await world.delivery.checkCommit(plan), undefined);
    assert.equal((await world.delivery.channelState({ member: ann.recipientKey, channelId })).epoch, 1);
    assert.deepEqual(await world.delivery.commit(plan).then(({ n }) => n), 2);
  }),

  does("checkCommit", "gives the answer to a commit that was accepted before, in later epochs too", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const plan = commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob] });
    const { queued: _queued, ...answer } = await world.delivery.commit(plan);
    await world.delivery.commit(commitOf({ sender: bob, channelId, epoch: 2, members: [ann, bob] }));
    assert.deepEqual(await world.delivery.checkCommit(plan), answer);
  }),

  does("commit", "takes the channel to the next epoch with its new members, and keeps that", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const channelId = await world.channel([ann, bob]);
    const plan = { sender: ann, channelId, epoch: 1, members: [ann, eve], removed: [bob], added: [eve] };
    const { n } = await world.delivery.commit(commitOf(plan));
    await world.reopen();
    const { epoch, members } = await world.delivery.channelState({ member: eve.recipientKey, channelId });
    assert.deepEqual([n, epoch], [2, 2]);
    assert.deepEqual(members.map(toHex).sort(), [ann, eve].map(({ recipientKey }) => toHex(recipientKey)).sort());
  }),

  does("commit", "queues the commit with each member's header, and a bare entry for its sender", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const channelId = await world.channel([ann, bob, eve]);
    world.clock.nowMs += 5;
    const plan = commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob, eve] });
    await world.delivery.commit(plan);
    const seen = async (device: typeof ann) => {
      const { kind, epoch, id, body, bodyLength, header, receivedMs } = (await world.queue(device)).at(-1)!;
      return { kind, epoch, id, body, bodyLength, header, receivedMs };
    };
    const common = { epoch: 2, id: plan.commitId, receivedMs: world.clock.nowMs };
    for (const device of [bob, eve]) {
      assert.deepEqual(await seen(device), {
        ...common,
        kind: EntryKind.COMMIT,
        body: plan.commit,
        bodyLength: plan.commit.length,
        header: headerOf(device),
      });
    }
    const own = { ...common, kind: EntryKind.OWN_COMMIT, body: nothing, bodyLength: 0, header: nothing };
    assert.deepEqual(await seen(ann), own);
  }),

  does("commit", "queues a Welcome with its header for each added device", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const channelId = await world.channel([ann]);
    const plan = commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob, eve], added: [bob, eve] });
    await world.delivery.commit(plan);
    for (const device of [bob, eve]) {
      const [{ kind, epoch, id, body, header }, ...more] = await world.queue(device);
      assert.deepEqual({ kind, epoch, id, body, header, more: more.length }, {
        kind: EntryKind.WELCOME,
        epoch: 2,
        id: plan.commitId,
        body: plan.welcome,
        header: headerOf(device),
        more: 0,
      });
    }
  }),

  does("commit", "leaves a bare entry to a removed device, which gets nothing after it", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 1, members: [ann], removed: [bob] }));
    await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 2, members: [ann] }));
    const [, { kind, epoch, body, header }, ...more] = await world.queue(bob);
    assert.deepEqual([kind, epoch, body.length, header.length], [EntryKind.REMOVED, 2, 0, 0]);
    assert.equal(more.length, 0);
  }),

  does("commit", "gives a device that it removes and adds a Welcome and no removal", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const plan = { sender: ann, channelId, epoch: 1, members: [ann, bob], removed: [bob], added: [bob] };
    await world.delivery.commit(commitOf(plan));
    const entries = (await world.queue(bob)).map(({ kind, epoch }) => [kind, epoch]);
    assert.deepEqual(entries, [[EntryKind.WELCOME, 1], [EntryKind.WELCOME, 2]]);
    assert.equal((await world.delivery.channelState({ member: bob.recipientKey, channelId })).members.length, 2);
  }),

  does("commit", "tells members who left and came, and everybody the hash of the new members", async (world) => {
    const [ann, bob, eve, fay] = await world.devices(4);
    const channelId = await world.channel([ann, bob, eve]);
    const members = [ann, bob, fay];
    await world.delivery.commit(commitOf({ sender: ann, channelId, epoch: 1, members, removed: [eve], added: [fay] }));
    const keys = members.map(({ recipientKey }) => recipientKey).sort((a, b) => toHex(a) < toHex(b) ? -1 : 1);
    const membersHash = sha256(concat(...keys));
    const told = async (device: typeof ann) => {
      const { removed, added, membersHash } = (await world.queue(device)).at(-1)!;
      return { removed, added, membersHash };
    };
    assert.deepEqual(await told(bob), { removed: [eve.recipientKey], added: [fay.recipientKey], membersHash });
    for (const device of [ann, fay]) assert.deepEqual(await told(device), { removed: [], added: [], membersHash });
  }),

  does("commit", "says where each of its entries was queued", async (world) => {
    const [ann, bob, eve, fay] = await world.devices(4);
    const channelId = await world.channel([ann, bob, eve]);
    const plan = { sender: ann, channelId, epoch: 1, members: [ann, bob, fay], removed: [eve], added: [fay] };
    const { queued } = await world.delivery.commit(commitOf(plan));
    const expected = await Promise.all([ann, bob, eve, fay].map(async (device) => ({
      recipientKey: device.recipientKey,
      seq: (await world.queue(device)).at(-1)!.seq,
    })));
    const byKey = (a: { recipientKey: Uint8Array }, b: { recipientKey: Uint8Array }) =>
      toHex(a.recipientKey) < toHex(b.recipientKey) ? -1 : 1;
    assert.deepEqual(queued.toSorted(byKey), expected.toSorted(byKey));
  }),

  does("commit", "queues nothing for a revoked member, and removes it as any other", async (world) => {
    const [ann, bob] = [await world.person(), await world.person()];
    const members = [ann.device, bob.device];
    const channelId = await world.channel(members);
    await world.revoke(bob);
    const kept = await world.delivery.commit(commitOf({ sender: ann.device, channelId, epoch: 1, members }));
    const removing = { sender: ann.device, channelId, epoch: 2, members: [ann.device], removed: [bob.device] };
    const gone = await world.delivery.commit(commitOf(removing));
    const recipients = [kept, gone].map(({ queued }) => queued.map(({ recipientKey }) => recipientKey));
    assert.deepEqual(recipients, [[ann.recipientKey], [ann.recipientKey]]);
  }),

  repeats("commit", "gives the first answer again and queues nothing, in later epochs too", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const plan = commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob] });
    const { n, place } = await world.delivery.commit(plan);
    assert.equal(n, 2);
    await world.delivery.commit(commitOf({ sender: bob, channelId, epoch: 2, members: [ann, bob] }));
    await world.reopen();
    const before = await world.queue(bob);
    assert.deepEqual(await world.delivery.commit(plan), { n, place, queued: [] });
    assert.deepEqual(await world.queue(bob), before);
    assert.equal((await world.delivery.channelState({ member: ann.recipientKey, channelId })).epoch, 3);
  }),

  races("commit", "lets exactly one of several commits of an epoch win", async (world) => {
    const devices = await world.devices(4);
    const channelId = await world.channel(devices);
    const plans = devices.map((sender) => commitOf({ sender, channelId, epoch: 1, members: devices }));
    const outcomes = await Promise.all(plans.map((plan) => outcome(world.delivery.commit(plan))));
    assert.deepEqual([...outcomes].sort(), ["E015", "E015", "E015", "ok"]);
    const { commitId } = plans[outcomes.indexOf("ok")];
    for (const device of devices) {
      const ofEpoch2 = (await world.queue(device)).filter(({ epoch }) => epoch === 2);
      assert.deepEqual(ofEpoch2.map(({ id }) => id), [commitId]);
    }
  }),

  races("commit", "queues a commit once when it comes twice at once", async (world) => {
    const [ann, bob] = await world.devices(2);
    const channelId = await world.channel([ann, bob]);
    const plan = commitOf({ sender: ann, channelId, epoch: 1, members: [ann, bob] });
    const answers = await Promise.all([world.delivery.commit(plan), world.delivery.commit(plan)]);
    assert.deepEqual(answers.map(({ n }) => n), [2, 2]);
    assert.deepEqual(answers.map(({ queued }) => queued.length).sort(), [0, 2]);
    assert.equal((await world.queue(bob)).filter(({ epoch }) => epoch === 2).length, 1);
  }),

  races("commit", "never lets a message of the old epoch into a queue behind it", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const members = [ann, bob, eve];
    const channelId = await world.channel(members);
    const messages = Array.from({ length: 20 }, () => messageOf(bob, channelId, 1));
    const commit = commitOf({ sender: ann, channelId, epoch: 1, members });
    const publish = (message: typeof messages[0]) => outcome(world.delivery.publish(message));
    const outcomes = await Promise.all([
      ...messages.slice(0, 10).map(publish),
      outcome(world.delivery.commit(commit)),
      ...messages.slice(10).map(publish),
    ]);
    const taken = outcomes.toSpliced(10, 1).filter((answer) => answer === "ok").length;
    assert.ok(outcomes.every((answer) => ["ok", "E015"].includes(answer)), outcomes.join());
    const kinds = (await world.queue(eve)).slice(1).map(({ kind }) => kind);
    assert.deepEqual(kinds, [...Array(taken).fill(EntryKind.APPLICATION), EntryKind.COMMIT]);
  }),

  races("commit", "adds a device by exactly one of two commits, and leaves the other without effect", async (world) => {
    const [ann, bob, eve] = await world.devices(3);
    const channelId = await world.channel([ann, bob]);
    const members = [ann, bob, eve];
    const plans = [ann, bob].map((sender) => commitOf({ sender, channelId, epoch: 1, members, added: [eve] }));
    await Promise.all(plans.map((plan) => outcome(world.delivery.commit(plan))));
    assert.equal((await world.queue(eve)).length, 1);
    const later = await world.delivery.commit(
      commitOf({ sender: eve, channelId, epoch: 2, members }, { commitId: random(16) }),
    );
    assert.equal(later.n, 3);
  }),
];
