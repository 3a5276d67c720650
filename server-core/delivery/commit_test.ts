import assert from "node:assert/strict";
import { delivery, EntryKind } from "../../schema/rpc/methods.ts";
import {
  commitCall,
  headerOf,
  makeChannel,
  outcome,
  queueOf,
  sendCommit,
  withService,
} from "../testing/delivery_service.ts";
import { type Bytes, concat, toHex } from "../../schema/bytes.ts";
import { openDatabase } from "../storage/sqlite/open.ts";
import { random, seedDevices, sha256, type TestDevice } from "../testing/seed.ts";

Deno.test("commit() moves the channel to the next epoch, and queues commit, Welcome and own entry", () =>
  withService(3, async ({ as, devices: [ann, bob, eve] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const { params, body, commit, welcome } = commitCall({
      channelId,
      epoch: 1,
      members: [ann, bob, eve],
      added: [eve],
    });
    assert.equal((await as(ann).call(delivery.commit, params, {}, body)).n, 2);
    const forAnn = (await queueOf(as(ann), ann)).at(-1)!;
    assert.deepEqual([forAnn.kind, forAnn.epoch, forAnn.id, forAnn.body.length, forAnn.header.length], [
      EntryKind.OWN_COMMIT,
      2,
      params.commitId,
      0,
      0,
    ]);
    const forBob = (await queueOf(as(bob), bob)).at(-1)!;
    assert.deepEqual([forBob.kind, forBob.epoch, forBob.id, forBob.body, forBob.header], [
      EntryKind.COMMIT,
      2,
      params.commitId,
      commit,
      headerOf(bob.recipientKey),
    ]);
    const [forEve, ...more] = await queueOf(as(eve), eve);
    assert.deepEqual([forEve.kind, forEve.epoch, forEve.id, forEve.body, forEve.header], [
      EntryKind.WELCOME,
      2,
      params.commitId,
      welcome,
      headerOf(eve.recipientKey),
    ]);
    assert.equal(more.length, 0);
    const state = await as(eve).call(delivery.channelState, { channelId });
    assert.equal(state.epoch, 2);
    assert.equal(state.members.length, 3);
  }));

Deno.test("commit() leaves a `removed` entry to the removed member, who is then E016", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    await sendCommit(as(ann), { channelId, epoch: 1, members: [ann], removed: [bob] });
    const last = (await queueOf(as(bob), bob)).at(-1)!;
    assert.deepEqual([last.kind, last.epoch, last.body.length, last.header.length], [EntryKind.REMOVED, 2, 0, 0]);
    assert.equal(await outcome(as(bob).call(delivery.channelState, { channelId })), "E016");
    assert.equal(await outcome(sendCommit(as(bob), { channelId, epoch: 2, members: [ann, bob] })), "E016");
  }));

Deno.test("commit() re-adds a device that it removes and adds: it gets a Welcome and no `removed`", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    await sendCommit(as(ann), { channelId, epoch: 1, members: [ann, bob], removed: [bob], added: [bob] });
    const kinds = (await queueOf(as(bob), bob)).map(({ kind, epoch }) => [kind, epoch]);
    assert.deepEqual(kinds, [[EntryKind.WELCOME, 1], [EntryKind.WELCOME, 2]]);
  }));

Deno.test("commit() answers a repeat as it answered the first, and stores nothing more", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const { params, body } = commitCall({ channelId, epoch: 1, members: [ann, bob] });
    assert.equal((await as(ann).call(delivery.commit, params, {}, body)).n, 2);
    await sendCommit(as(bob), { channelId, epoch: 2, members: [ann, bob] });
    const before = (await queueOf(as(bob), bob)).length;
    assert.equal((await as(ann).call(delivery.commit, params, {}, body)).n, 2);
    assert.equal((await queueOf(as(bob), bob)).length, before);
  }));

Deno.test("commit() is E014 for a used commitId with other content, even where E017 or E015 apply", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const commitId = random(16);
    await sendCommit(as(ann), { channelId, epoch: 1, members: [ann, bob], commitId });
    assert.equal(await outcome(sendCommit(as(ann), { channelId, epoch: 1, members: [ann, bob], commitId })), "E014");
    assert.equal(await outcome(sendCommit(as(bob), { channelId, epoch: 9, members: [ann, bob], commitId })), "E014");
  }));

Deno.test("commit() lets exactly one of many commits at one epoch win", () =>
  withService(4, async ({ as, devices }) => {
    const channelId = await makeChannel(as, devices);
    const outcomes = await Promise.all(
      devices.map((device) => outcome(sendCommit(as(device), { channelId, epoch: 1, members: devices }))),
    );
    assert.deepEqual(outcomes.sort(), ["E015", "E015", "E015", "ok"]);
    for (const device of devices) {
      const atTwo = (await queueOf(as(device), device)).filter(({ epoch }) => epoch === 2);
      assert.equal(atTwo.length, 1);
    }
  }));

Deno.test("commit() is E017 below the device's own epoch, E015 at any other wrong one", () =>
  withService(3, async ({ as, devices: [ann, bob, eve] }) => {
    const all = [ann, bob, eve];
    const channelId = await makeChannel(as, all);
    await sendCommit(as(ann), { channelId, epoch: 1, members: all });
    const at = (device: typeof ann, epoch: number) =>
      outcome(sendCommit(as(device), { channelId, epoch, members: all }));
    assert.equal(await at(ann, 1), "E017", "ann committed epoch 2");
    assert.equal(await at(bob, 1), "E015", "bob has acked nothing of epoch 2");
    const toTwo = (await queueOf(as(bob), bob)).at(-1)!.seq;
    await as(bob).call(delivery.ack, { recipientKey: bob.recipientKey, upTo: toTwo });
    assert.equal(await at(bob, 1), "E017", "bob acked the commit to epoch 2");
    const [welcome, commit] = await queueOf(as(eve), eve);
    await as(eve).call(delivery.ackEntries, { recipientKey: eve.recipientKey, seqs: [commit.seq] });
    assert.equal(await at(eve, 1), "E017", "ackEntries counts like ack");
    assert.equal(welcome.kind, EntryKind.WELCOME);
    assert.equal(await at(eve, 3), "E015");
  }));

Deno.test("commit() is E014 for inconsistent headers, members and lengths, and writes nothing", () =>
  withService(3, async ({ as, devices: [ann, bob, eve] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const all = [ann, bob];
    const refused = async (plan: object) =>
      assert.equal(
        await outcome(sendCommit(as(ann), { channelId, epoch: 1, members: all, ...plan })),
        "E014",
        JSON.stringify(Object.keys(plan)),
      );
    await refused({ members: [ann] });
    await refused({ members: [ann, bob, eve] });
    await refused({ members: [ann, bob, bob] });
    await refused({ members: [ann, ann] });
    await refused({ headers: random(1199) });
    await refused({ members: [bob], removed: [ann] });
    await refused({ members: all, removed: [eve] });
    await refused({ members: [ann], removed: [bob, bob] });
    await refused({ members: all, added: [bob] });
    await refused({ members: [...all, eve], added: [eve, eve] });
    await refused({ members: all, welcome: random(10) });
    await refused({ members: [...all, eve], added: [eve], welcome: new Uint8Array() });
    assert.equal((await as(ann).call(delivery.channelState, { channelId })).epoch, 1);
    assert.equal((await queueOf(as(bob), bob)).length, 1);
  }));

Deno.test("commit() is E014 when it removes and adds more than 2,000 devices together", () =>
  withService(1, async ({ as, devices: [ann] }) => {
    const channelId = await makeChannel(as, [ann]);
    const removed = Array.from({ length: 2_001 }, () => ann);
    const plan = { channelId, epoch: 1, members: [ann], removed };
    await assert.rejects(sendCommit(as(ann), plan), /at most 2000 devices/);
    assert.equal(await outcome(sendCommit(as(ann), plan)), "E014");
  }));

Deno.test("commit() is E012 for an added device that is not enrolled", () =>
  withService(1, async ({ as, dataDir, devices: [ann] }) => {
    const [unenrolled] = seedDevices(dataDir, 1, { enrolled: false });
    const channelId = random(32);
    await as(ann).call(delivery.createChannel, { channelId });
    const stranger = { ...unenrolled, recipientKey: random(32) };
    for (const added of [unenrolled, stranger]) {
      assert.equal(
        await outcome(sendCommit(as(ann), { channelId, epoch: 0, members: [ann, added], added: [added] })),
        "E012",
      );
    }
  }));

Deno.test("commit() is E014 when the body does not have its hash or its length, E011 over 16 MiB", () =>
  withService(1, async ({ as, devices: [ann] }) => {
    const channelId = random(32);
    await as(ann).call(delivery.createChannel, { channelId });
    const { params, body } = commitCall({ channelId, epoch: 0, members: [ann] });
    const call = (change: object, sent = body) =>
      outcome(as(ann).call(delivery.commit, { ...params, ...change }, {}, sent));
    assert.equal(await call({ sha256: random(32) }), "E014");
    assert.equal(await call({}, body.slice(0, -1)), "E014");
    assert.equal(await call({}, new Uint8Array([...body, 0])), "E014");
    assert.equal(await call({ commitLength: 16 * 1024 * 1024 }), "E011");
    assert.equal(await call({ channelId: random(31) }), "E014");
    assert.equal(await call({ commitId: random(15) }), "E014");
    assert.equal(await call({ removed: Array.from({ length: 2001 }, () => random(32)) }), "E014");
    assert.equal((await as(ann).call(delivery.channelState, { channelId })).epoch, 0);
    assert.equal(await call({}), "ok");
  }));

Deno.test("commit() accepts a bundle of 15 MiB, whose body fetchBody delivers", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const commit = new Uint8Array(15 * 1024 * 1024).map((_, index) => index * 31);
    await sendCommit(as(ann), { channelId, epoch: 1, members: [ann, bob], commit });
    const entry = (await queueOf(as(bob), bob)).at(-1)!;
    assert.deepEqual([entry.body.length, entry.bodyLength, entry.header.length], [0, commit.length, 1168]);
    let offset = 0;
    for await (
      const { bytes } of as(bob).stream(delivery.fetchBody, { recipientKey: bob.recipientKey, seq: entry.seq })
    ) {
      assert.ok(bytes.length <= 65_536);
      assert.deepEqual(bytes, commit.slice(offset, offset + bytes.length));
      offset += bytes.length;
    }
    assert.equal(offset, commit.length);
    await as(bob).call(delivery.ack, { recipientKey: bob.recipientKey, upTo: entry.seq });
    const gone = as(bob).stream(delivery.fetchBody, { recipientKey: bob.recipientKey, seq: entry.seq }).next();
    assert.equal(await outcome(gone), "E012");
  }));

Deno.test("commit() puts its changes and the hash of the resulting members into its entries", () =>
  withService(4, async ({ as, devices: [ann, bob, eve, fay] }) => {
    const channelId = await makeChannel(as, [ann, bob, eve]);
    await sendCommit(as(ann), { channelId, epoch: 1, members: [ann, bob, fay], removed: [eve], added: [fay] });
    const hash = sha256(
      concat(...[ann, bob, fay].map(({ recipientKey }) => recipientKey).sort((a, b) => toHex(a) < toHex(b) ? -1 : 1)),
    );
    const last = async (device: TestDevice) => (await queueOf(as(device), device)).at(-1)!;
    const forBob = await last(bob);
    assert.deepEqual([forBob.removed, forBob.added, forBob.membersHash], [
      [eve.recipientKey],
      [fay.recipientKey],
      hash,
    ]);
    for (const device of [ann, fay]) {
      const entry = await last(device);
      assert.deepEqual([entry.removed, entry.added, entry.membersHash], [[], [], hash]);
    }
  }));

Deno.test("commit() is E032 when 32 MiB of the sender's account wait for an added device, not a member", () =>
  withService(3, async ({ as, devices: [ann, bob, eve] }) => {
    const large = new Uint8Array(15 * 1024 * 1024);
    const channels = [await makeChannel(as, [ann]), await makeChannel(as, [ann]), await makeChannel(as, [ann])];
    for (const channelId of channels.slice(0, 2)) {
      await sendCommit(as(ann), { channelId, epoch: 1, members: [ann, bob], added: [bob], welcome: large });
    }
    assert.equal(
      await outcome(
        sendCommit(as(ann), { channelId: channels[2], epoch: 1, members: [ann, bob], added: [bob], welcome: large }),
      ),
      "E032",
    );
    assert.equal((await as(ann).call(delivery.channelState, { channelId: channels[2] })).epoch, 1, "nothing happened");
    assert.equal(
      await outcome(
        sendCommit(as(ann), { channelId: channels[2], epoch: 1, members: [ann, eve], added: [eve], welcome: large }),
      ),
      "ok",
      "another device has room",
    );
    const ofEve = await makeChannel(as, [eve]);
    assert.equal(
      await outcome(sendCommit(as(eve), { channelId: ofEve, epoch: 1, members: [eve, bob], added: [bob] })),
      "ok",
      "another account has room",
    );

    assert.equal(
      await outcome(
        sendCommit(as(ann), {
          channelId: channels[0],
          epoch: 2,
          members: [ann, bob],
          commit: large.slice(0, 3 * 1024 * 1024),
        }),
      ),
      "ok",
      "the group goes on",
    );
    const waiting = async () =>
      (await queueOf(as(bob), bob)).filter(({ channelId }) => toHex(channelId) === toHex(channels[0])).map((
        { kind, epoch },
      ) => [kind, epoch]);
    assert.deepEqual(await waiting(), [[EntryKind.WELCOME, 2]], "without bob, who will ask to be re-added");

    const queue = await queueOf(as(bob), bob);
    await as(bob).call(delivery.ack, { recipientKey: bob.recipientKey, upTo: queue.at(-1)!.seq });
    await sendCommit(as(ann), { channelId: channels[0], epoch: 3, members: [ann, bob], commit: large });
    assert.deepEqual(await waiting(), [[EntryKind.COMMIT, 4]], "what was acknowledged counts no more");
  }));

Deno.test("PEOPLE A7: commit() is E032 when an account adds a device 128 times in an hour", () =>
  withService(3, async ({ as, clock, devices: [eve, bob, ann] }) => {
    const channels: { channelId: Bytes; epoch: number }[] = [];
    const add = async (channel: { channelId: Bytes; epoch: number }, again: boolean) => {
      const { channelId, epoch } = channel;
      const plan = { channelId, epoch, members: [eve, bob], added: [bob], ...(again && { removed: [bob] }) };
      const answer = await outcome(sendCommit(as(eve), plan));
      if (answer === "ok") channel.epoch++;
      return answer;
    };
    const newChannel = async () => {
      const channel = { channelId: random(32), epoch: 0 };
      await as(eve).call(delivery.createChannel, { channelId: channel.channelId });
      channels.push(channel);
      return channel;
    };
    // A Welcome needs no KeyPackage of the device that it goes to.
    for (let count = 0; count < 28; count++) assert.equal(await add(await newChannel(), false), "ok");
    for (let count = 0; count < 100; count++) assert.equal(await add(channels[count % 28], true), "ok");
    assert.equal(await add(channels[0], true), "E032");
    assert.equal(await add(await newChannel(), false), "E032");
    const { channelId, epoch } = channels[0];
    await sendCommit(as(eve), { channelId, epoch, members: [eve, bob, ann], added: [ann] });
    await makeChannel(as, [ann, bob]);
    clock.nowMs += 3_600_000;
    // One that is refused counts for nothing.
    const lost = { channelId: channels[1].channelId, epoch: 99, members: [eve, bob], removed: [bob], added: [bob] };
    for (let count = 0; count < 130; count++) assert.equal(await outcome(sendCommit(as(eve), lost)), "E015");
    assert.equal(await add(channels[1], true), "ok");
  }));

Deno.test("PEOPLE A7: commit() adds the account's own new device to more than 128 channels", () =>
  withService(2, async ({ as, dataDir, devices: [eve, second] }) => {
    const db = openDatabase({ dataDir });
    db.run("UPDATE devices SET account_key = ? WHERE recipient_key = ?", eve.accountKey, second.recipientKey);
    db.close();
    for (let count = 0; count < 130; count++) {
      const channelId = random(32);
      await as(eve).call(delivery.createChannel, { channelId });
      const plan = { channelId, epoch: 0, members: [eve, second], added: [second] };
      assert.equal(await outcome(sendCommit(as(eve), plan)), "ok", `channel ${count + 1}`);
    }
  }));
