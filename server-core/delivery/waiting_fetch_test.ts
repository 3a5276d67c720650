import assert from "node:assert/strict";
import { ErrorCode, WireError } from "../../schema/rpc/errors.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import type { FetchArgs } from "../storage/delivery_store.ts";
import { makeChannel, outcome, publishTo, sendCommit, type TestService } from "../testing/delivery_service.ts";
import { withService } from "../testing/delivery_service.ts";
import { random, type TestDevice } from "../testing/seed.ts";
import { LiveDevices } from "./live.ts";
import { leastRetryMs } from "./waiting_fetch.ts";

const allChannels = new Uint8Array();

/** Counts what is read from the store, and tells when a device's read is done. */
function countReads({ deps }: TestService): { reads: FetchArgs[]; until(count: number): Promise<void> } {
  const reads: FetchArgs[] = [];
  const fetch = deps.store.fetch.bind(deps.store);
  deps.store.fetch = async (args) => {
    const entries = await fetch(args);
    reads.push(args);
    return entries;
  };
  const until = async (count: number) => {
    while (reads.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { reads, until };
}

function wait({ as }: TestService, device: TestDevice, asked: { channelId?: Uint8Array<ArrayBuffer>; after?: number }) {
  const { recipientKey } = device;
  const params = { recipientKey, channelId: allChannels, after: 1, limit: 10, timeoutMs: 60_000, ...asked };
  const call = as(device).call(delivery.fetchWait, params);
  call.catch(() => {});
  return call;
}

Deno.test("SERVERS 7: a device waits once, and a wait that a newer one ends is told when to come again", () =>
  withService(2, async (service) => {
    const { as, deps, devices: [ann, bob] } = service;
    const channelId = await makeChannel(as, [ann, bob]);
    const { reads, until } = countReads(service);
    const older = [];
    for (let count = 0; count < 50; count++) {
      older.push(wait(service, bob, {}));
      await until(count + 1);
    }
    const newest = older.pop()!;
    for (const call of older) {
      const error = await call.then(() => undefined, (error) => error);
      assert.ok(error instanceof WireError && error.code === ErrorCode.rateLimited, `${error}`);
      // About its own time: two tabs that obey end each other once a minute, and do not spin.
      assert.ok(error.retryAfterMs > 30_000 && error.retryAfterMs <= 60_000, `${error.retryAfterMs}`);
    }
    assert.equal(deps.live.waiting, 1);
    const { envelope } = await publishTo(as(ann), channelId, 1);
    assert.deepEqual((await newest).entries.map(({ body }) => body), [envelope]);
    assert.equal(reads.length, 51, "one read for each call, and one for the message");
    assert.equal(deps.live.waiting, 0);
  }));

Deno.test("SERVERS 7: a wait for one channel is not woken by the others", () =>
  withService(3, async (service) => {
    const { as, devices: [ann, bob, eve] } = service;
    const [one, two] = [await makeChannel(as, [ann, bob]), await makeChannel(as, [ann, bob, eve])];
    const { reads, until } = countReads(service);
    const call = wait(service, bob, { channelId: one, after: 2 });
    await until(1);
    for (let count = 0; count < 20; count++) await publishTo(as(eve), two, 1);
    await sendCommit(as(eve), { channelId: two, epoch: 1, members: [ann, bob, eve] });
    const direct = { recipientKey: bob.recipientKey, channelId: two, messageId: random(16), body: random(9) };
    await as(eve).call(delivery.enqueue, direct);
    assert.equal(reads.length, 1);
    await sendCommit(as(ann), { channelId: one, epoch: 1, members: [ann, bob] });
    assert.deepEqual((await call).entries.map(({ channelId }) => channelId), [one]);
    assert.equal(reads.length, 2);
  }));

Deno.test("SERVERS 7: what comes between a wait's read and its sleep is not missed", () =>
  withService(2, async (service) => {
    const { as, deps, devices: [ann, bob] } = service;
    const channelId = await makeChannel(as, [ann, bob]);
    const fetch = deps.store.fetch.bind(deps.store);
    let published = false;
    deps.store.fetch = async (args) => {
      const entries = await fetch(args);
      if (!published) {
        published = true;
        await publishTo(as(ann), channelId, 1);
      }
      return entries;
    };
    assert.equal((await wait(service, bob, {})).entries.length, 1);
  }));

Deno.test("SERVERS 7: a wait ends with its session (E001), and with the server (E040)", () =>
  withService(2, async (service) => {
    const { deps, devices: [ann, bob] } = service;
    const { until } = countReads(service);
    const calls = [wait(service, ann, {}), wait(service, bob, {})];
    await until(2);
    deps.live.endSessions([random(16), ann.sessionId]);
    assert.equal(await outcome(calls[0]), "E001");
    deps.live.endAll(new WireError(ErrorCode.draining, "bye"));
    assert.equal(await outcome(calls[1]), "E040");
    assert.equal(deps.live.waiting, 0);
  }));

Deno.test("SERVERS 7: at most 20,000 devices wait, and who waits already may wait anew", () => {
  const live = new LiveDevices();
  const open = (number: number, timeoutMs = 60_000) => {
    const recipientKey = new Uint8Array(32);
    new DataView(recipientKey.buffer).setUint32(0, number);
    return {
      recipientKey,
      waiting: live.wait(recipientKey, { sessionId: random(16), channelId: allChannels, timeoutMs }),
    };
  };
  for (let number = 0; number < 20_000; number++) open(number);
  assert.throws(() => open(20_000), (error) => error instanceof WireError && error.code === ErrorCode.rateLimited);
  const { recipientKey, waiting } = open(7, 10);
  assert.equal(live.waiting, 20_000);
  live.unwait(recipientKey, waiting);
  open(20_000);
});

Deno.test("SERVERS 7: the shortest advice to a wait that was ended is a second", async () => {
  const live = new LiveDevices();
  const recipientKey = random(32);
  const asked = { sessionId: random(16), channelId: allChannels, timeoutMs: 5 };
  const older = live.wait(recipientKey, asked);
  live.wait(recipientKey, asked);
  const error = await older.next(new AbortController().signal).then(() => undefined, (error) => error);
  assert.equal(error.retryAfterMs, leastRetryMs);
});
