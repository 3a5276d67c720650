/** Behaviours of the stock of KeyPackages, and of the purge. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { random } from "../../../testing/seed.ts";
import type { AccountStore, DeviceKeys, NewKeyPackage } from "../../account_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { dayMs, hourMs, newAccount, newSession, outcome, type Person, refused, type World } from "../world.ts";

/** docs/limits.md. */
const maxStock = 100;

const keyPackage = (world: World, overrides: Partial<NewKeyPackage> = {}): NewKeyPackage => ({
  sha256: random(32),
  keyPackage: random(60),
  notBeforeMs: world.clock.nowMs - hourMs,
  notAfterMs: world.clock.nowMs + 25 * hourMs,
  ...overrides,
});

const several = (world: World, count: number) => Array.from({ length: count }, () => keyPackage(world));
const lastResortOf = (world: World) => keyPackage(world, { notAfterMs: world.clock.nowMs + 90 * dayMs });

const add = (world: World, { deviceId }: DeviceKeys, keyPackages: NewKeyPackage[], lastResort?: NewKeyPackage) =>
  world.accounts.addKeyPackages({ deviceId, keyPackages, lastResort });

const take = (world: World, { accountKey }: Person, devices: DeviceKeys[] = []) =>
  world.accounts.takeKeyPackages({ accountKey, deviceIds: devices.map(({ deviceId }) => deviceId) });

/** A person with two listed devices. */
async function withTwoDevices(world: World) {
  const person = await world.person();
  const { device } = await world.signIn(person);
  await world.list(person, 1, [person.device, device]);
  return { person, first: person.device, second: device };
}

export const keyPackageBehaviours: Behaviour<keyof AccountStore>[] = [
  does("addKeyPackages", "adds to the device's stock, durably, and gives the size of the stock", async (world) => {
    const { person, first, second } = await withTwoDevices(world);
    assert.deepEqual(await add(world, first, several(world, 3)), { available: 3 });
    assert.deepEqual(await add(world, first, several(world, 2), lastResortOf(world)), { available: 5 });
    await world.reopen();
    assert.deepEqual(await world.accounts.countKeyPackages(first), { available: 5, lastResort: true });
    assert.deepEqual(await world.accounts.countKeyPackages(second), { available: 0, lastResort: false });
    assert.equal((await take(world, person, [first])).length, 1);
  }),

  does("addKeyPackages", "replaces the last resort", async (world) => {
    const person = await world.person();
    const [old, next] = [lastResortOf(world), lastResortOf(world)];
    for (const lastResort of [old, next]) await add(world, person.device, [], lastResort);
    const { deviceId } = person.device;
    assert.deepEqual(await take(world, person), [{ deviceId, keyPackage: next.keyPackage, lastResort: true }]);
  }),

  does("countKeyPackages", "names no last resort that was handed out, until it is replaced", async (world) => {
    const person = await world.person();
    const lastResort = async () => (await world.accounts.countKeyPackages(person.device)).lastResort;
    await add(world, person.device, [], lastResortOf(world));
    assert.equal(await lastResort(), true);
    await take(world, person);
    await world.reopen();
    assert.equal(await lastResort(), false);
    assert.equal((await take(world, person))[0].lastResort, true);
    await add(world, person.device, [], lastResortOf(world));
    assert.equal(await lastResort(), true);
  }),

  does("addKeyPackages", "makes room of what has expired, and of what a fast clock let in", async (world) => {
    const { device } = await world.person();
    world.clock.nowMs += 10 * dayMs;
    await add(world, device, several(world, maxStock / 2));
    world.clock.nowMs -= 10 * dayMs;
    await add(world, device, several(world, maxStock));
    world.clock.nowMs += 24 * hourMs;
    assert.deepEqual(await add(world, device, several(world, maxStock)), { available: maxStock });
  }),

  refuses("addKeyPackages", ErrorCode.malformed, "over 100 in stock, and adds none of them", async (world) => {
    const { device } = await world.person();
    await add(world, device, several(world, maxStock - 1), lastResortOf(world));
    await refused(ErrorCode.malformed, add(world, device, several(world, 2)));
    assert.equal((await world.accounts.countKeyPackages(device)).available, maxStock - 1);
    await add(world, device, several(world, 1));
  }),

  repeats("addKeyPackages", "adds nothing, not even what was handed out", async (world) => {
    const person = await world.person();
    const keyPackages = several(world, 2);
    const lastResort = lastResortOf(world);
    await add(world, person.device, keyPackages, lastResort);
    assert.deepEqual(await add(world, person.device, keyPackages, lastResort), { available: 2 });
    await take(world, person);
    assert.deepEqual(await add(world, person.device, keyPackages, lastResort), { available: 1 });
    assert.equal((await world.accounts.countKeyPackages(person.device)).lastResort, true);
  }),

  races("addKeyPackages", "never fills the stock over 100 by two calls at once", async (world) => {
    const { device } = await world.person();
    const calls = [1, 2].map(() => outcome(add(world, device, several(world, 60))));
    assert.deepEqual((await Promise.all(calls)).sort(), ["E014", "ok"]);
    assert.equal((await world.accounts.countKeyPackages(device)).available, 60);
  }),

  does("countKeyPackages", "counts what would be handed out now", async (world) => {
    const { device } = await world.person();
    const early = keyPackage(world, { notBeforeMs: world.clock.nowMs + 1000 });
    const short = keyPackage(world, { notAfterMs: world.clock.nowMs + 2000 });
    const lastResort = keyPackage(world, { notAfterMs: world.clock.nowMs + 25 * hourMs });
    await add(world, device, [...several(world, 1), early, short], lastResort);
    const count = async () => await world.accounts.countKeyPackages(device);
    assert.deepEqual(await count(), { available: 2, lastResort: true });
    world.clock.nowMs += 1000;
    assert.deepEqual(await count(), { available: 3, lastResort: true });
    world.clock.nowMs += 1000;
    assert.deepEqual(await count(), { available: 2, lastResort: true });
    world.clock.nowMs += 24 * hourMs - 2000;
    assert.deepEqual(await count(), { available: 0, lastResort: true });
    world.clock.nowMs += hourMs;
    assert.deepEqual(await count(), { available: 0, lastResort: false });
  }),

  does(
    "takeKeyPackages",
    "hands out each once, the newest first, and then the last resort each time",
    async (world) => {
      const person = await world.person();
      const { deviceId } = person.device;
      const keyPackages = several(world, 2);
      const lastResort = lastResortOf(world);
      await add(world, person.device, keyPackages, lastResort);
      const taken = [];
      for (let count = 0; count < 4; count++) taken.push(...await take(world, person));
      const ordinary = keyPackages.map(({ keyPackage }) => ({ deviceId, keyPackage, lastResort: false }));
      const last = { deviceId, keyPackage: lastResort.keyPackage, lastResort: true };
      assert.deepEqual(taken, [...ordinary.reverse(), last, last]);
      await world.reopen();
      assert.deepEqual(await take(world, person), [last]);
    },
  ),

  does("takeKeyPackages", "gives one of each listed device, or of those that are named", async (world) => {
    const { person, first, second } = await withTwoDevices(world);
    await world.signIn(person);
    for (const device of [first, second]) await add(world, device, several(world, 2));
    const of = async (...devices: DeviceKeys[]) =>
      (await take(world, person, devices)).map(({ deviceId }) => String(deviceId));
    assert.deepEqual((await of()).sort(), [first, second].map(({ deviceId }) => String(deviceId)).sort());
    assert.deepEqual(await of(second), [String(second.deviceId)]);
  }),

  does("takeKeyPackages", "hands out for 24 h after the upload, and not before its time", async (world) => {
    const person = await world.person();
    await add(world, person.device, [keyPackage(world, { notBeforeMs: world.clock.nowMs + 1000 })]);
    await refused(ErrorCode.noKeyPackageLeft, take(world, person));
    world.clock.nowMs += 24 * hourMs;
    await refused(ErrorCode.noKeyPackageLeft, take(world, person));
    world.clock.nowMs -= 1;
    assert.equal((await take(world, person)).length, 1);
  }),

  refuses("takeKeyPackages", ErrorCode.unknownRecipient, "for an unknown account or device", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const { device: unlisted } = await world.signIn(person);
    await refused(
      ErrorCode.unknownRecipient,
      world.accounts.takeKeyPackages({ accountKey: random(32), deviceIds: [] }),
      take(world, person, [other.device]),
      take(world, person, [unlisted]),
    );
  }),

  refuses(
    "takeKeyPackages",
    ErrorCode.noKeyPackageLeft,
    "when one device has none, and takes no other's",
    async (world) => {
      const { person, first } = await withTwoDevices(world);
      await add(world, first, several(world, 1));
      await refused(ErrorCode.noKeyPackageLeft, take(world, person));
      assert.equal((await world.accounts.countKeyPackages(first)).available, 1);
    },
  ),

  repeats("takeKeyPackages", "takes the next one: nothing is handed out twice", async (world) => {
    const person = await world.person();
    await add(world, person.device, several(world, 2));
    const taken = [...await take(world, person), ...await take(world, person)];
    assert.equal(new Set(taken.map(({ keyPackage }) => String(keyPackage))).size, 2);
    await refused(ErrorCode.noKeyPackageLeft, take(world, person));
  }),

  races("takeKeyPackages", "hands each of many callers at once another one", async (world) => {
    const person = await world.person();
    await add(world, person.device, several(world, 5));
    const answers = await Promise.allSettled(Array.from({ length: 8 }, () => take(world, person)));
    const taken = answers.flatMap((answer) => answer.status === "fulfilled" ? answer.value : []);
    assert.equal(taken.length, 5);
    assert.equal(new Set(taken.map(({ keyPackage }) => String(keyPackage))).size, 5);
  }),

  does("purgeExpired", "forgets a session 30 days after its end, and an unlisted device with it", async (world) => {
    const person = await world.person();
    const { device, session } = await world.signIn(person);
    const { device: revoked } = await world.signIn(person);
    await world.list(person, 1, [person.device], [revoked]);
    const isKnown = async () => {
      await world.accounts.purgeExpired();
      return await world.accounts.session({ tokenSha256: session.tokenSha256 }) !== undefined;
    };
    world.clock.nowMs = session.expiresMs + 30 * dayMs - 1;
    assert.equal(await isKnown(), true);
    world.clock.nowMs += 1;
    assert.equal(await isKnown(), false);
    const other = newAccount(world.clock.nowMs, { device });
    await world.accounts.register(other);
    assert.equal(await world.accounts.isRevoked(revoked), true, "a revoked one is remembered");
    const taken = newAccount(world.clock.nowMs, { device: person.device });
    await refused(ErrorCode.keyDoesNotMatchDevice, world.accounts.register(taken));
  }),

  does("purgeExpired", "deletes KeyPackages and invites whose time is over, and no others", async (world) => {
    const { device } = await world.person();
    const invite = (expiresMs: number) => world.accounts.addInvite({ codeSha256: random(32), expiresMs });
    await add(world, device, several(world, 2));
    await invite(world.clock.nowMs + hourMs);
    await invite(world.clock.nowMs + 30 * hourMs);
    world.clock.nowMs += hourMs;
    await world.accounts.purgeExpired();
    assert.equal((await world.operator.invites()).length, 1);
    assert.equal((await world.operator.facts()).keyPackages, 2);
    world.clock.nowMs += 23 * hourMs;
    await world.accounts.purgeExpired();
    assert.equal((await world.operator.facts()).keyPackages, 0);
  }),

  repeats("purgeExpired", "deletes nothing more", async (world) => {
    const person = await world.person();
    await world.accounts.purgeExpired();
    await world.accounts.purgeExpired();
    assert.equal((await world.accounts.sessions(person)).length, 1);
  }),

  races("purgeExpired", "never takes a device that signs in at once", async (world) => {
    const person = await world.person();
    const { device, session } = await world.signIn(person);
    world.clock.nowMs = session.expiresMs + 30 * dayMs;
    const { accountKey, opaqueRecord } = person;
    const opened = newSession(world.clock.nowMs + dayMs);
    await Promise.all([
      world.accounts.purgeExpired(),
      world.accounts.openSession({ accountKey, opaqueRecord, device, session: opened }),
      world.accounts.purgeExpired(),
    ]);
    const found = await world.accounts.session({ tokenSha256: opened.tokenSha256 });
    assert.deepEqual(found?.recipientKey, device.recipientKey);
  }),
];
