import assert from "node:assert/strict";
import { delivery, type Entry, EntryKind } from "../../schema/rpc/methods.ts";
import {
  makeChannel,
  outcome,
  publishTo,
  queueOf,
  sendCommit,
  type TestService,
  withService,
} from "../testing/delivery_service.ts";
import { random, type TestDevice } from "../testing/seed.ts";
import { purgeDelivery } from "./blobs.ts";

const wholeQueue = new Uint8Array();

function fetchOf(
  { as }: TestService,
  device: TestDevice,
  params: { after?: number; limit?: number; channelId?: Uint8Array<ArrayBuffer> } = {},
) {
  return as(device).call(delivery.fetch, {
    recipientKey: device.recipientKey,
    channelId: wholeQueue,
    after: 0,
    limit: 200,
    ...params,
  });
}

Deno.test("fetch() gives entries after the cursor in order, at most limit and 200, and about 192 KiB", () =>
  withService(2, async (service) => {
    const { as, devices: [ann, bob] } = service;
    const channelId = await makeChannel(as, [ann, bob]);
    for (let index = 0; index < 210; index++) await publishTo(as(ann), channelId, 1, Uint8Array.of(index));
    const seqs = async (params: object) => (await fetchOf(service, bob, params)).entries.map(({ seq }) => seq);
    assert.deepEqual(await seqs({ after: 1, limit: 3 }), [2, 3, 4]);
    assert.equal((await seqs({ limit: 60_000 })).length, 200);
    assert.deepEqual(await seqs({ after: 211 }), []);
    assert.equal(await outcome(fetchOf(service, bob, { limit: 0 })), "E014");
    for (let index = 0; index < 5; index++) await publishTo(as(ann), channelId, 1, new Uint8Array(60_000));
    assert.deepEqual(await seqs({ after: 211 }), [212, 213, 214]);
  }));

Deno.test("fetch() can be filtered by channel, and ackEntries() deletes exactly the named entries", () =>
  withService(2, async (service) => {
    const { as, devices: [ann, bob] } = service;
    const one = await makeChannel(as, [ann, bob]);
    const two = await makeChannel(as, [ann, bob]);
    await publishTo(as(ann), one, 1);
    await publishTo(as(ann), two, 1);
    const ofTwo = (await fetchOf(service, bob, { channelId: two })).entries;
    assert.deepEqual(ofTwo.map(({ seq }) => seq), [2, 4]);
    const ack = { recipientKey: bob.recipientKey, seqs: [4, 4, 77] };
    await as(bob).call(delivery.ackEntries, ack);
    await as(bob).call(delivery.ackEntries, ack);
    assert.deepEqual((await queueOf(as(bob), bob)).map(({ seq }) => seq), [1, 2, 3]);
    assert.equal(await outcome(as(bob).call(delivery.ackEntries, { ...ack, seqs: Array(1001).fill(1) })), "E014");
  }));

Deno.test("ack() deletes up to its seq and may be repeated; seq still rises after the queue was emptied", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    for (let index = 0; index < 3; index++) await publishTo(as(ann), channelId, 1);
    const ack = (upTo: number) => as(bob).call(delivery.ack, { recipientKey: bob.recipientKey, upTo });
    await ack(2);
    await ack(2);
    assert.deepEqual((await queueOf(as(bob), bob)).map(({ seq }) => seq), [3, 4]);
    await ack(4);
    await publishTo(as(ann), channelId, 1);
    assert.deepEqual((await queueOf(as(bob), bob)).map(({ seq }) => seq), [5]);
  }));

Deno.test("a body is deleted with the last entry that refers to it", () =>
  withService(3, async ({ as, devices, dataDir }) => {
    const [ann, bob, eve] = devices;
    const channelId = await makeChannel(as, devices);
    await publishTo(as(ann), channelId, 1);
    const { Database } = await import("../storage/sqlite/database.ts");
    const db = new Database(`${dataDir}/qpq.db`, { readonly: true });
    const stored = () => db.all("SELECT piece FROM body_pieces").length + db.all("SELECT body FROM bodies").length;
    assert.equal(stored(), 4, "a Welcome and a message");
    await as(bob).call(delivery.ack, { recipientKey: bob.recipientKey, upTo: 2 });
    assert.equal(stored(), 4);
    await as(eve).call(delivery.ack, { recipientKey: eve.recipientKey, upTo: 2 });
    assert.equal(stored(), 0);
    db.close();
  }));

Deno.test("reading and acknowledging another device's queue is E003", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const recipientKey = bob.recipientKey;
    const fetch = { recipientKey, channelId: wholeQueue, after: 0, limit: 1 };
    assert.equal(await outcome(as(ann).call(delivery.fetch, fetch)), "E003");
    assert.equal(await outcome(as(ann).call(delivery.fetchWait, { ...fetch, timeoutMs: 10 })), "E003");
    assert.equal(await outcome(as(ann).call(delivery.ack, { recipientKey, upTo: 1 })), "E003");
    assert.equal(await outcome(as(ann).call(delivery.ackEntries, { recipientKey, seqs: [1] })), "E003");
    assert.equal(await outcome(as(ann).stream(delivery.subscribe, { recipientKey, after: 0 }).next()), "E003");
    assert.equal(await outcome(as(ann).stream(delivery.fetchBody, { recipientKey, seq: 1 }).next()), "E003");
  }));

Deno.test("every method but health() needs an enrolled device (E001, E003)", () =>
  withService(1, async ({ as, asCaller, devices: [ann] }) => {
    const own = { recipientKey: ann.recipientKey };
    const calls = (client: ReturnType<typeof as>): Promise<unknown>[] => [
      client.call(delivery.enqueue, { ...own, channelId: random(32), messageId: random(16), body: random(1) }),
      client.call(delivery.fetch, { ...own, channelId: wholeQueue, after: 0, limit: 1 }),
      client.call(delivery.fetchWait, { ...own, channelId: wholeQueue, after: 0, limit: 1, timeoutMs: 1 }),
      client.stream(delivery.subscribe, { ...own, after: 0 }).next(),
      client.call(delivery.ack, { ...own, upTo: 0 }),
      client.call(delivery.ackEntries, { ...own, seqs: [] }),
      client.call(delivery.createChannel, { channelId: random(32) }),
      sendCommit(client, { channelId: random(32), epoch: 0, members: [ann] }),
      publishTo(client, random(32), 1),
      client.call(delivery.channelState, { channelId: random(32) }),
      client.stream(delivery.fetchBody, { ...own, seq: 1 }).next(),
      client.call(delivery.putBlob, { sha256: random(32), length: 1 }, {}, random(1)),
      client.stream(delivery.getBlob, { sha256: random(32), offset: 0 }).next(),
    ];
    const outcomes = async (client: ReturnType<typeof as>) => new Set(await Promise.all(calls(client).map(outcome)));
    assert.deepEqual(await outcomes(as()), new Set(["E001"]));
    assert.deepEqual(await outcomes(asCaller({ kind: "operator", remoteAddress: "::1" })), new Set(["E003"]));
    assert.deepEqual(await outcomes(asCaller({ ...ann.caller, enrolled: false })), new Set(["E003"]));
    const health = await as().call(delivery.health, {});
    assert.deepEqual(health, {
      serverTimeMs: 1_800_000_000_000,
      wireVersion: 1,
      draining: false,
      build: "test",
      restoredMs: 0,
      restoredToMs: 0,
    });
  }));

Deno.test("fetchWait() answers at once, at the first entry, or empty after its time", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const wait = (after: number, timeoutMs: number, ofChannel = wholeQueue) =>
      as(bob).call(delivery.fetchWait, {
        recipientKey: bob.recipientKey,
        channelId: ofChannel,
        after,
        limit: 10,
        timeoutMs,
      });
    assert.equal((await wait(0, 60_000)).entries.length, 1);
    const startedMs = performance.now();
    assert.deepEqual((await wait(1, 60)).entries, []);
    assert.ok(performance.now() - startedMs >= 55);
    const waiting = wait(1, 60_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { envelope } = await publishTo(as(ann), channelId, 1);
    assert.deepEqual((await waiting).entries.map(({ body }) => body), [envelope]);
    const elsewhere = wait(1, 300, random(32));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await publishTo(as(ann), channelId, 1);
    assert.deepEqual((await elsewhere).entries, [], "an entry of another channel does not end the wait");
  }));

Deno.test("a full queue drops its oldest application entries and leaves one gap entry a channel in their place", () =>
  withService(2, async (service) => {
    const { as, devices: [ann, bob] } = service;
    const channelId = await makeChannel(as, [ann, bob]);
    const other = await makeChannel(as, [ann, bob]);
    const { queueLimit } = await import("../storage/sqlite/delivery/queues.ts");
    const { entries } = queueLimit;
    queueLimit.entries = 10;
    try {
      for (let index = 0; index < 14; index++) {
        await publishTo(as(ann), index === 2 ? other : channelId, 1, Uint8Array.of(index));
      }
      await sendCommit(as(ann), { channelId, epoch: 1, members: [ann, bob] });
    } finally {
      queueLimit.entries = entries;
    }
    const queue = await queueOf(as(bob), bob);
    const seen = queue.map(({ seq, kind, epoch, body }) => [seq, kind, kind === EntryKind.GAP ? epoch : body[0]]);
    assert.deepEqual(seen.slice(2, 4), [[5, EntryKind.GAP, 1], [6, EntryKind.GAP, 3]]);
    assert.deepEqual(queue[2].channelId, other);
    assert.deepEqual(
      seen.slice(4, 14),
      Array.from({ length: 10 }, (_, index) => [index + 7, EntryKind.APPLICATION, index + 4]),
    );
    assert.equal(seen[14][1], EntryKind.COMMIT, "a commit is queued all the same");
    await as(bob).call(delivery.ack, { recipientKey: bob.recipientKey, upTo: 10 });
    await publishTo(as(ann), channelId, 2);
    assert.ok((await queueOf(as(bob), bob)).every(({ kind }: Entry) => kind !== EntryKind.GAP), "room again");
  }));

Deno.test("a queue over its bytes drops its oldest application entries", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const { queueLimit } = await import("../storage/sqlite/delivery/queues.ts");
    const { bytes } = queueLimit;
    queueLimit.bytes = 1000;
    try {
      for (let index = 0; index < 6; index++) await publishTo(as(ann), channelId, 1, new Uint8Array(300));
    } finally {
      queueLimit.bytes = bytes;
    }
    const kinds = (await queueOf(as(bob), bob)).map(({ kind }) => kind);
    assert.deepEqual(kinds, [
      EntryKind.WELCOME,
      EntryKind.GAP,
      EntryKind.APPLICATION,
      EntryKind.APPLICATION,
      EntryKind.APPLICATION,
    ]);
  }));

Deno.test("purgeDelivery() drops messages that waited too long; commits and Welcomes stay", () =>
  withService(2, async ({ as, deps, clock, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const age = deps.queueAgeMs;
    const enqueue = () =>
      as(ann).call(delivery.enqueue, {
        recipientKey: bob.recipientKey,
        channelId,
        messageId: random(16),
        body: random(10),
      });
    for (let count = 0; count < 3; count++) await publishTo(as(ann), channelId, 1);
    await enqueue();
    clock.nowMs += 1000;
    await publishTo(as(ann), channelId, 1);
    await enqueue();
    const kinds = async () => (await queueOf(as(bob), bob)).map(({ kind }) => kind);
    const { WELCOME, APPLICATION, DIRECT, GAP } = EntryKind;
    assert.deepEqual(await kinds(), [WELCOME, APPLICATION, APPLICATION, APPLICATION, DIRECT, APPLICATION, DIRECT]);
    clock.nowMs += age - 1001;
    await purgeDelivery(deps);
    assert.equal((await kinds()).length, 7, "not before its time");
    clock.nowMs += 1;
    await purgeDelivery(deps);
    assert.deepEqual(await kinds(), [WELCOME, GAP, APPLICATION, DIRECT]);
    assert.equal((await queueOf(as(bob), bob))[1].epoch, 3, "says how many");
    assert.deepEqual(await deps.store.queueTotals(), {
      waiting: 1,
      waitingBytes: (await queueOf(as(bob), bob))[2].bodyLength,
    });
    await as(bob).call(delivery.ack, {
      recipientKey: bob.recipientKey,
      upTo: (await queueOf(as(bob), bob)).at(-1)!.seq,
    });
    assert.deepEqual(await deps.store.queueTotals(), { waiting: 0, waitingBytes: 0 });
  }));

Deno.test("purgeQueues() drops the old entries of every queue in bounded parts", () =>
  withService(3, async ({ as, deps, clock, devices }) => {
    const channelId = await makeChannel(as, devices);
    for (let count = 0; count < 700; count++) await publishTo(as(devices[0]), channelId, 1, Uint8Array.of(1));
    clock.nowMs += deps.queueAgeMs;
    let calls = 0;
    for (let after: number | undefined = 0; after !== undefined; calls++) {
      ({ after } = await deps.store.purgeQueues({ ageMs: deps.queueAgeMs, after }));
    }
    assert.equal(calls, 2, "1,400 entries");
    assert.deepEqual((await deps.store.queueTotals()).waiting, 0);
  }));

Deno.test("dropDevice() empties a revoked device's queue for good, and leaves the others", () =>
  withService(3, async ({ as, dataDir, devices }) => {
    const [ann, bob, eve] = devices;
    const channelId = await makeChannel(as, devices);
    const { Database } = await import("../storage/sqlite/database.ts");
    const { dropDevice } = await import("../storage/sqlite/delivery/drop_device.ts");
    const db = new Database(`${dataDir}/qpq.db`);
    dropDevice(db, bob.recipientKey);
    const { envelope } = await publishTo(as(ann), channelId, 1);
    assert.equal(
      db.all("SELECT 1 FROM entries JOIN queues USING (queue) WHERE recipient_key = ?", bob.recipientKey).length,
      0,
    );
    assert.deepEqual((await queueOf(as(eve), eve)).at(-1)!.body, envelope);
    assert.equal(await outcome(queueOf(as(bob), bob)), "E003");
    assert.equal((await sendCommit(as(ann), { channelId, epoch: 1, members: [ann, eve], removed: [bob] })).n, 2);
    assert.equal(
      db.all("SELECT 1 FROM entries JOIN queues USING (queue) WHERE recipient_key = ?", bob.recipientKey).length,
      0,
    );
    db.close();
  }));

Deno.test("fetch() renumbers the entries for a device that saw higher numbers before a restore", () =>
  withService(2, async ({ as, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    for (let count = 0; count < 3; count++) await publishTo(as(ann), channelId, 1);
    const fetchFrom = async (after: number) =>
      (await as(bob).call(delivery.fetch, {
        recipientKey: bob.recipientKey,
        channelId: new Uint8Array(),
        after,
        limit: 200,
      })).entries;
    const before = await fetchFrom(0);
    const again = await fetchFrom(1000);
    assert.deepEqual(again.map(({ id }) => id), before.map(({ id }) => id), "in their order");
    assert.ok(again.every(({ seq }) => seq > 1000));
    assert.deepEqual(await fetchFrom(1000), again, "once");
    await publishTo(as(ann), channelId, 1);
    assert.equal((await fetchFrom(again.at(-1)!.seq)).length, 1, "and counts on from there");
    assert.equal(await outcome(fetchFrom(2 ** 53 - 1)), "E018");
  }));

Deno.test("SERVERS 1: ack() of a long queue deletes all of it, in parts between which others are served", () =>
  withService(2, async ({ as, deps, devices: [ann, bob] }) => {
    const channelId = await makeChannel(as, [ann, bob]);
    const messages = Array.from({ length: 1100 }, () => ({
      epoch: 1,
      messageId: random(16),
      envelope: random(1),
      bodyHash: random(32),
    }));
    await deps.store.publishInOrder({ sender: ann.recipientKey, channelId, messages });
    const { ack } = deps.store;
    let parts = 0;
    deps.store.ack = (args) => (parts++, ack.call(deps.store, args));
    const upTo = 1101;
    await as(bob).call(delivery.ack, { recipientKey: bob.recipientKey, upTo });
    assert.deepEqual([parts, await queueOf(as(bob), bob)], [3, []]);
  }));
