import assert from "node:assert/strict";
import { delivery, type Entry } from "../../schema/rpc/methods.ts";
import {
  makeChannel,
  outcome,
  publishTo,
  sendCommit,
  type TestService,
  withService,
} from "../testing/delivery_service.ts";
import { random, type TestDevice } from "../testing/seed.ts";
import { LiveDevices } from "./live.ts";

function subscription({ as }: TestService, device: TestDevice, after = 0) {
  return as(device).stream(delivery.subscribe, { recipientKey: device.recipientKey, after });
}

async function elements(stream: AsyncGenerator<{ entries: Entry[] }>, count: number): Promise<Entry[][]> {
  const seen: Entry[][] = [];
  while (seen.length < count) seen.push((await stream.next()).value!.entries);
  return seen;
}

Deno.test("subscribe() gives the backlog, an empty element, then live entries", () =>
  withService(2, async (service) => {
    const { as, devices: [ann, bob] } = service;
    const channelId = await makeChannel(as, [ann, bob]);
    for (let index = 0; index < 450; index++) await publishTo(as(ann), channelId, 1, Uint8Array.of(index));
    const stream = subscription(service, bob, 1);
    const backlog = await elements(stream, 4);
    assert.deepEqual(backlog.map((entries) => entries.length), [200, 200, 50, 0]);
    assert.deepEqual(backlog.flat().map(({ seq }) => seq), Array.from({ length: 450 }, (_, index) => index + 2));
    const { envelope } = await publishTo(as(ann), channelId, 1);
    assert.deepEqual((await elements(stream, 1))[0].map(({ seq, body }) => [seq, body]), [[452, envelope]]);
    await sendCommit(as(ann), { channelId, epoch: 1, members: [ann, bob] });
    assert.deepEqual((await elements(stream, 1))[0].map(({ seq, epoch }) => [seq, epoch]), [[453, 2]]);
    await stream.return(undefined);
  }));

Deno.test("subscribe() gives each entry once and without gaps while messages are published", () =>
  withService(3, async (service) => {
    const { as, devices: [ann, bob, eve] } = service;
    const channelId = await makeChannel(as, [ann, bob, eve]);
    const total = 600;
    const publishing = Promise.all([ann, eve].map(async (device) => {
      for (let index = 0; index < total / 2; index++) {
        await publishTo(as(device), channelId, 1, new Uint8Array(index % 50 === 0 ? 70_000 : 2000));
      }
    }));
    const seqs: number[] = [];
    const stream = subscription(service, bob);
    for await (const { entries } of stream) {
      for (const { seq } of entries) seqs.push(seq);
      if (seqs.length % 40 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
      if (seqs.length > total) break;
    }
    await publishing;
    assert.deepEqual(seqs, Array.from({ length: total + 1 }, (_, index) => index + 1));
  }));

Deno.test("subscribe() sends heartbeats while there are no entries", () =>
  withService(1, async (service) => {
    const stream = subscription(service, service.devices[0]);
    assert.deepEqual(await elements(stream, 4), [[], [], [], []]);
    await stream.return(undefined);
  }, { heartbeatMs: 15 }));

Deno.test("subscribe() ends an older subscribe of the same device with E040", () =>
  withService(1, async (service) => {
    const older = subscription(service, service.devices[0]);
    await elements(older, 1);
    const newer = subscription(service, service.devices[0]);
    await elements(newer, 1);
    assert.equal(await outcome(older.next()), "E040");
    assert.equal(service.deps.live.size, 1);
    await newer.return(undefined);
  }));

Deno.test("subscribe() ends with E001 when its session ends, with E040 when the server drains", () =>
  withService(2, async (service) => {
    const [ann, bob] = service.devices;
    const streams = [subscription(service, ann), subscription(service, bob)];
    for (const stream of streams) await elements(stream, 1);
    service.deps.live.endSessions([random(16), ann.sessionId]);
    assert.equal(await outcome(streams[0].next()), "E001");
    const { ErrorCode, WireError } = await import("../../schema/rpc/errors.ts");
    service.deps.live.endAll(new WireError(ErrorCode.draining, "bye"));
    assert.equal(await outcome(streams[1].next()), "E040");
  }));

Deno.test("subscribe() uses bounded memory for a caller that does not read", () =>
  withService(2, async (service) => {
    const { as, deps, devices: [ann, bob] } = service;
    const channelId = await makeChannel(as, [ann, bob]);
    const subscription = deps.live.subscribe(bob.recipientKey, bob.sessionId);
    await subscription.next(0, new AbortController().signal);
    for (let index = 0; index < 300; index++) await publishTo(as(ann), channelId, 1, new Uint8Array(3000));
    const { entries, behind } = await subscription.next(0, new AbortController().signal);
    assert.ok(behind);
    assert.ok(entries.length < 100);
  }));

const bytes = (fill: number) => new Uint8Array(16).fill(fill);

/** A subscription of an engine `run` with its marks, each given by a number. */
function engine({ as }: TestService, device: TestDevice, run: number, mark: number, before: number[] = []) {
  const { recipientKey } = device;
  const own = { recipientKey, after: 0, run: bytes(run), mark: bytes(mark), before: before.map(bytes) };
  return as(device).stream(delivery.subscribeAs, { ...own, displaced: false });
}

async function first(stream: AsyncGenerator<{ copied: boolean; held: boolean }>): Promise<[boolean, boolean]> {
  const { copied, held } = (await stream.next()).value!;
  return [copied, held];
}

Deno.test("PEOPLE B3: subscribeAs() ends an older one of another run with E041, of the same run with E040", () =>
  withService(1, async (service) => {
    const [device] = service.devices;
    const older = engine(service, device, 1, 1);
    assert.deepEqual(await first(older), [false, false]);
    const again = engine(service, device, 1, 2, [1]);
    assert.deepEqual(await first(again), [false, false]);
    assert.equal(await outcome(older.next()), "E040");
    const other = engine(service, device, 2, 3, [2]);
    const told = first(other);
    for (let look = 0; look < 2; look++) {
      assert.deepEqual((await again.next()).value!.entries, [], "what shows whether it is still there");
    }
    assert.equal(await outcome(again.next()), "E041");
    assert.deepEqual(await told, [false, true], "the engine of before may still say that it runs");
    await other.return(undefined);
  }));

Deno.test("PEOPLE B3: subscribeAs() waits for no engine whose connection is gone", () =>
  withService(1, async (service) => {
    const [device] = service.devices;
    const older = engine(service, device, 1, 1);
    await first(older);
    await older.return(undefined);
    const other = engine(service, device, 2, 2, [1]);
    assert.deepEqual(await first(other), [false, false]);
    await other.return(undefined);
  }));

Deno.test("PEOPLE B3: subscribeAs() tells a profile of a copy by its marks", () =>
  withService(1, async (service) => {
    const [device] = service.devices;
    let run = 10;
    const told = async (mark: number, before: number[]) => {
      const stream = engine(service, device, run++, mark, before);
      const [copied] = await first(stream);
      await stream.return(undefined);
      return copied;
    };
    assert.equal(await told(1, []), false, "the first mark counts");
    assert.equal(await told(2, [1]), false);
    // No answer came: the next connection names the mark all the same.
    assert.equal(await told(3, [1, 2]), false);
    assert.equal(await told(4, [1]), true, "another has gone on since");
    assert.equal(await told(5, [1, 4]), true, "told again until it is confirmed");
    assert.equal(await told(6, [5]), false);
    assert.equal(await told(7, [3]), true, "the original, after its copy has gone on");
  }));

Deno.test("PEOPLE B3: subscribeAs() tells the newer engine what the displaced one says", () =>
  withService(1, async (service) => {
    const [device] = service.devices;
    const { recipientKey } = device;
    const contest = async (run: number) => {
      const own = { recipientKey, after: 0, run: bytes(run), mark: new Uint8Array(), before: [], displaced: true };
      assert.deepEqual(await Array.fromAsync(service.as(device).stream(delivery.subscribeAs, own)), []);
    };
    const newer = engine(service, device, 2, 1);
    await first(newer);
    await contest(1);
    assert.deepEqual(await first(newer), [true, false]);
    await newer.return(undefined);
    const next = engine(service, device, 3, 2, [1]);
    assert.deepEqual(await first(next), [false, false]);
    await next.return(undefined);
  }));

Deno.test("PEOPLE B3: what a displaced engine says is not lost with the connection that it was for", () => {
  const live = new LiveDevices();
  const [key, session] = [random(32), random(16)];
  const opened = (run: number, mark: number, before: number[]) =>
    live.subscribe(key, session, { run: bytes(run), mark: bytes(mark), before: before.map(bytes) });
  const newer = opened(2, 1, []);
  live.displaced(key, bytes(1));
  // It reads a long backlog, or can not be written to, until its connection is gone.
  live.unsubscribe(key, newer);
  const next = opened(2, 2, [1]);
  assert.equal(next.takeCopied(), true);
  next.copiedTold();
  live.unsubscribe(key, next);
  const after = opened(2, 3, [2]);
  assert.equal(after.takeCopied(), false, "it was told");
  // Two connections of one engine that overlap.
  live.displaced(key, bytes(1));
  const beside = opened(2, 4, [3]);
  live.unsubscribe(key, after);
  assert.equal(beside.takeCopied(), true);
});

Deno.test("PEOPLE B3: a subscription does not keep those before it in memory", async () => {
  const live = new LiveDevices();
  const [key, session] = [random(32), random(16)];
  const older = live.subscribe(key, session, { run: bytes(1), mark: bytes(1), before: [] });
  const newer = live.subscribe(key, session, { run: bytes(2), mark: bytes(2), before: [bytes(1)] });
  older.lastTaken(true);
  assert.equal(await newer.held(), true);
  assert.equal(await newer.held(), false, "the older one is forgotten");
});

Deno.test("PEOPLE B3: subscribeAs() refuses what is no mark, and too many", () =>
  withService(1, async (service) => {
    const [device] = service.devices;
    const { recipientKey } = device;
    const own = { recipientKey, after: 0, run: bytes(1), mark: bytes(2), before: [], displaced: false };
    const call = (change: object) =>
      outcome(service.as(device).stream(delivery.subscribeAs, { ...own, ...change }).next());
    assert.equal(await call({ run: new Uint8Array(15) }), "E014");
    assert.equal(await call({ mark: new Uint8Array(17) }), "E014");
    assert.equal(await call({ before: [new Uint8Array(1)] }), "E014");
    assert.equal(await call({ before: Array.from({ length: 17 }, () => bytes(1)) }), "E014");
    assert.equal(await call({ recipientKey: random(32) }), "E003");
  }));
