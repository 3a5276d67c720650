import assert from "node:assert/strict";
import { type Bytes, toHex } from "../../../schema/bytes.ts";
import { RpcClient } from "../../../schema/rpc/client.ts";
import { ErrorCode, WireError } from "../../../schema/rpc/errors.ts";
import { authentication, delivery } from "../../../schema/rpc/methods.ts";
import { Handlers } from "../../../schema/rpc/server.ts";
import { parseKeyPackage } from "../../mls/key_package.ts";
import { MemoryStorage } from "../../storage/testing/memory.ts";
import { importWrappingKey, SealedStore } from "../../storage/sealed_store.ts";
import { openingTo } from "../../testing/call_server.ts";
import { ServerClock } from "../server_clock.ts";
import { credentialOf } from "../devices/device.ts";
import { KeyPackageKeeper } from "./key_packages.ts";
import { HeldAccount, newDevice } from "../directory/testing/fake_directory.ts";

const hourMs = 3_600_000;
const channel = new Uint8Array(32);

/** A server that hands out nothing by itself; `stock` is its content. */
async function setting() {
  const storage = new MemoryStorage();
  const store = new SealedStore(storage, await importWrappingKey(new Uint8Array(32)));
  await store.takeFence();
  const device = await newDevice();
  const account = await HeldAccount.create("alice", [device]);
  const world = {
    nowMs: 1_800_000_000_000,
    aheadMs: 0,
    stock: [] as { keyPackage: Bytes; untilMs: number }[],
    lastResort: undefined as Bytes | undefined,
    refuse: false,
    /** The last resort was handed out. */
    handedOut: false,
    storedBefore: [] as number[],
  };
  // As on the real server, KeyPackages that are not valid yet by its clock do not count.
  const serverMs = () => world.nowMs + world.aheadMs;
  const valid = async (keyPackage: Bytes) => (await parseKeyPackage(keyPackage)).notBeforeMs <= serverMs();
  const available = async () =>
    (await Promise.all(
      world.stock.filter(({ untilMs }) => untilMs > serverMs()).map(({ keyPackage }) => valid(keyPackage)),
    )).filter(Boolean).length;
  const handlers = new Handlers<undefined>()
    .unary(
      delivery.health,
      () =>
        Promise.resolve({
          serverTimeMs: serverMs(),
          wireVersion: 1,
          build: "test",
          draining: false,
          restoredMs: 0,
          restoredToMs: 0,
        }),
    )
    .unary(
      authentication.countKeyPackages,
      async () => ({
        available: await available(),
        lastResort: world.lastResort !== undefined && !world.handedOut && await valid(world.lastResort),
      }),
    )
    .unary(authentication.uploadKeyPackages, async ({ keyPackages, lastResort }) => {
      world.storedBefore.push((await storage.range("keypackages", "")).length);
      if (world.refuse) throw new WireError(ErrorCode.draining, "going away");
      world.stock.push(...keyPackages.map((keyPackage) => ({ keyPackage, untilMs: serverMs() + 24 * hourMs })));
      if (lastResort.length > 0) [world.lastResort, world.handedOut] = [lastResort, false];
      return { available: world.stock.length };
    });
  const [rpc, clock] = [new RpcClient(openingTo(handlers, () => undefined)), new ServerClock(() => world.nowMs)];
  const keeper = new KeyPackageKeeper({
    store,
    rpc,
    clock,
    device,
    credential: credentialOf(await account.enrolled(device)),
  });
  /**
   * A connection: reads the server's clock, then replenishes the stock. @param aheadMs how wrong the server's
   * clock is meanwhile
   */
  const look = async (aheadMs: number) => {
    world.aheadMs = aheadMs;
    await clock.measure(rpc);
    await keeper.replenish();
  };
  return { keeper, world, storage, store, device, look };
}

Deno.test("replenish() stores the private parts in one write, then uploads 20 and a last resort", async () => {
  const { keeper, world, storage, device } = await setting();
  const progress: string[] = [];
  const { writes } = storage;
  await keeper.replenish((done, total) => progress.push(`${done}/${total}`));
  // The second write says that the server has the last resort.
  assert.deepEqual([world.stock.length, world.storedBefore, storage.writes - writes], [20, [21], 2]);
  assert.equal(progress.at(-1), "21/21");
  const last = await parseKeyPackage(world.lastResort!);
  assert.deepEqual([last.lastResort, last.recipientKey], [true, device.recipientKey]);
  assert.equal(
    new Set(
      await Promise.all(world.stock.map(async ({ keyPackage }) => toHex((await parseKeyPackage(keyPackage)).ref))),
    ).size,
    20,
  );
  await keeper.replenish(() => assert.fail("nothing is to be made"));
  assert.equal(world.storedBefore.length, 1);
});

Deno.test("replenish() replaces KeyPackages that were handed out or become too old", async () => {
  const { keeper, world } = await setting();
  await keeper.replenish();
  world.stock.splice(0, 3);
  await keeper.replenish();
  assert.equal(world.stock.length, 20);
  world.nowMs += 21 * hourMs;
  await keeper.replenish();
  assert.equal(world.stock.filter(({ untilMs }) => untilMs > world.nowMs + 23 * hourMs).length, 20);
});

Deno.test("replenish() repeats a refused upload at the next call", async () => {
  const { keeper, world } = await setting();
  world.refuse = true;
  await assert.rejects(keeper.replenish(), /E040/);
  world.refuse = false;
  await keeper.replenish();
  assert.equal(world.stock.length, 20);
  assert.ok(world.lastResort);
  assert.equal((await keeper.candidates(channel)).length, 42);
});

Deno.test("replenish() remakes the last resort weekly, and deletes private parts 30 days after their end", async () => {
  const { keeper, world, storage } = await setting();
  await keeper.replenish();
  const before = toHex(world.lastResort!);
  world.nowMs += 7 * 24 * hourMs + 1;
  await keeper.replenish();
  assert.notEqual(toHex(world.lastResort!), before);
  assert.equal((await storage.range("keypackages", "")).length, 42);
  world.nowMs += 30 * 24 * hourMs;
  keeper.queueRead();
  await keeper.replenish();
  assert.equal(
    (await keeper.candidates(channel)).length,
    20 + 20 + 2,
    "the first 20 and the first last resort are gone",
  );
});

Deno.test("candidates() gives those first that were made for this channel, and those for others last", async () => {
  const { keeper, store } = await setting();
  await keeper.replenish();
  const channels = [1, 2, 3].map((fill) => new Uint8Array(32).fill(fill));
  const made = [];
  for (const channelId of channels) made.push(await keeper.forRequest(channelId));
  await store.write({ puts: made.map(({ put }) => put) });
  const [first, second, third] = made.map(({ put }) => toHex((put.value as { record: Bytes }).record));
  const inOrder = (await keeper.candidates(channels[1])).map(toHex);
  assert.ok(inOrder.length > 20 + 3);
  assert.equal(inOrder[0], second);
  assert.deepEqual(new Set(inOrder.slice(-2)), new Set([first, third]));
  assert.equal(toHex((await keeper.requested(channels[2]))[0]), third);
});

const refOf = async (keyPackage: Bytes) => toHex((await parseKeyPackage(keyPackage)).ref);

Deno.test("PEOPLE A7: the last resort is remade when the server has handed it out, and at a sign-in", async () => {
  const { keeper, world } = await setting();
  await keeper.replenish();
  const first = toHex(world.lastResort!);
  await keeper.replenish();
  assert.equal(toHex(world.lastResort!), first);
  world.handedOut = true;
  await keeper.replenish();
  const second = toHex(world.lastResort!);
  assert.notEqual(second, first);
  await keeper.replenish(undefined, true);
  assert.notEqual(toHex(world.lastResort!), second);
});

Deno.test("PEOPLE A7: the last resort is remade after a Welcome used it, where the server does not tell", async () => {
  const { keeper, world } = await setting();
  await keeper.replenish();
  const first = world.lastResort!;
  await keeper.consumed((await parseKeyPackage(first)).ref);
  world.refuse = true;
  await assert.rejects(keeper.replenish(), /E040/);
  world.refuse = false;
  await keeper.replenish();
  const second = world.lastResort!;
  assert.notEqual(toHex(second), toHex(first));
  await keeper.consumed((await parseKeyPackage(first)).ref);
  await keeper.replenish();
  assert.equal(toHex(world.lastResort!), toHex(second), "the one before is replaced already");
});

Deno.test("PEOPLE A7: a last resort's private part goes 14 days after its replacement was taken", async () => {
  const { keeper, world, storage } = await setting();
  const has = async (ref: string) => (await storage.range("keypackages", ref)).some(({ key }) => key === ref);
  await keeper.replenish();
  const first = await refOf(world.lastResort!);
  world.nowMs += 60 * 24 * hourMs;
  world.refuse = true;
  await assert.rejects(keeper.replenish(), /E040/);
  world.nowMs += 20 * 24 * hourMs;
  keeper.queueRead();
  await assert.rejects(keeper.replenish(), /E040/);
  assert.ok(await has(first), "nothing has taken its place");
  world.refuse = false;
  await keeper.replenish();
  assert.notEqual(await refOf(world.lastResort!), first);
  world.nowMs += 14 * 24 * hourMs;
  keeper.queueRead();
  await keeper.replenish();
  assert.ok(await has(first), "not before");
  world.nowMs += 1;
  await keeper.replenish();
  assert.ok(await has(first), "the queue was not read since");
  keeper.queueRead();
  await keeper.replenish();
  assert.equal(await has(first), false);
  assert.ok(await has(await refOf(world.lastResort!)));
});

Deno.test("PEOPLE A7: no private part goes before the queue was read, and none by one clock alone", async () => {
  const { keeper, world, look } = await setting();
  await look(0);
  await keeper.replenish(undefined, true);
  const all = (await keeper.candidates(channel)).map(toHex);
  const lacks = async (records: string[], stock: typeof keeper) => {
    const kept = new Set((await stock.candidates(channel)).map(toHex));
    return records.filter((record) => !kept.has(record)).length;
  };
  world.nowMs += 200 * 24 * hourMs;
  await keeper.replenish();
  assert.equal(await lacks(all, keeper), 0, "a device that comes back keeps what its queue may need");
  keeper.queueRead();
  await keeper.replenish();
  assert.equal(await lacks(all, keeper), 21, "all but the last resort that was replaced a moment ago");
  const ahead = await setting();
  await ahead.look(0);
  await ahead.keeper.replenish(undefined, true);
  await ahead.look(0);
  const before = (await ahead.keeper.candidates(channel)).map(toHex);
  for (const days of [20, 130]) {
    await ahead.look(days * 24 * hourMs);
    ahead.keeper.queueRead();
    await ahead.look(days * 24 * hourMs);
  }
  assert.equal(await lacks(before, ahead.keeper), 0, "the server's clock alone was ahead");
});

Deno.test("consumed() names the record to delete, but never a last resort or an unknown one", async () => {
  const { keeper, world, store } = await setting();
  await keeper.replenish();
  const one = await parseKeyPackage(world.stock[0].keyPackage);
  assert.deepEqual(await keeper.consumed(one.ref), [{ store: "keypackages", key: toHex(one.ref) }]);
  await store.write({ deletes: await keeper.consumed(one.ref) });
  assert.equal((await keeper.candidates(channel)).length, 20);
  assert.deepEqual(await keeper.consumed(one.ref), []);
  assert.deepEqual(await keeper.consumed((await parseKeyPackage(world.lastResort!)).ref), []);
});

Deno.test("forOwnGroup() makes a private record that is neither stored nor published", async () => {
  const { keeper, world, storage } = await setting();
  assert.ok((await keeper.forOwnGroup()).length > 0);
  assert.deepEqual([world.stock.length, (await storage.range("keypackages", "")).length], [0, 0]);
});

Deno.test("replenish() deletes nothing when the server's clock is once 130 days ahead", async () => {
  const { keeper, world, look } = await setting();
  await look(0);
  const before = await keeper.candidates(channel);
  world.stock = [];
  await look(130 * 24 * hourMs);
  const kept = new Set((await keeper.candidates(channel)).map(toHex));
  assert.ok(before.every((record) => kept.has(toHex(record))), "a Welcome for what was handed out can still be opened");
  for (const hours of [0, 21, 48]) {
    world.nowMs += hours * hourMs;
    await look(0);
    const published = await Promise.all(
      [...world.stock.map(({ keyPackage }) => keyPackage), world.lastResort!].map(parseKeyPackage),
    );
    // Valid for at least 5 more hours: renewed in time, although some from the future are stored.
    const valid = published.filter(({ notBeforeMs, notAfterMs }) =>
      notBeforeMs <= world.nowMs && world.nowMs + 5 * hourMs < notAfterMs
    );
    assert.deepEqual(
      [
        valid.filter(({ lastResort }) => !lastResort).length,
        valid.filter(({ lastResort }) => lastResort).length,
      ],
      [20, 1],
      `${hours} hours later`,
    );
  }
  const held = (await keeper.candidates(channel)).length;
  await look(-60_000);
  assert.equal((await keeper.candidates(channel)).length, held, "a minute is no reason to make any again");
});
