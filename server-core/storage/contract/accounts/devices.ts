/** Behaviours of device lists and the directory. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { random } from "../../../testing/seed.ts";
import type { AccountStore, DeviceKeys } from "../../account_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { messageOf, newDevice, outcome, type Person, refused } from "../world.ts";

const listOf = ({ accountKey }: Person, expectedVersion: number, listed: DeviceKeys[], revoked: DeviceKeys[] = []) => ({
  accountKey,
  expectedVersion,
  devices: { list: random(40), signature: random(64) },
  listed,
  revoked: revoked.map(({ deviceId }) => deviceId),
});

const storedOf = ({ username, accountKey, devices }: Person) => ({ username, accountKey, devices });

export const deviceBehaviours: Behaviour<keyof AccountStore>[] = [
  does("putDeviceList", "replaces the list and enrols its devices, durably", async (world) => {
    const person = await world.person();
    const { device, session: { tokenSha256 } } = await world.signIn(person);
    const next = listOf(person, 1, [person.device, device]);
    assert.deepEqual(await world.accounts.putDeviceList(next), { endedSessionIds: [] });
    await world.reopen();
    assert.deepEqual((await world.accounts.accountByName(person))?.devices, next.devices);
    assert.equal((await world.accounts.session({ tokenSha256 }))?.enrolled, true);
  }),

  does("putDeviceList", "takes sessions, KeyPackages and queue from a device that left the list", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const { device, session } = await world.signIn(person);
    const both = [person.device, device];
    await world.list(person, 1, both);
    const channelId = await world.channel([other.device, ...both]);
    const keyPackages = [{ sha256: random(32), keyPackage: random(9), notBeforeMs: 0, notAfterMs: 2 ** 50 }];
    await world.accounts.addKeyPackages({ deviceId: device.deviceId, keyPackages });
    const { endedSessionIds } = await world.accounts.putDeviceList(listOf(person, 2, [person.device]));
    assert.deepEqual(endedSessionIds, [session.sessionId]);
    const { available } = await world.accounts.countKeyPackages(device);
    const fetch = { recipientKey: device.recipientKey, channelId: new Uint8Array(), after: 0, limit: 9 };
    assert.deepEqual([available, await outcome(world.delivery.fetch(fetch))], [0, "E003"]);
    assert.equal((await world.delivery.publish(messageOf(other.device, channelId, 1))).queued.length, 1);
    assert.equal((await world.accounts.sessions(person)).length, 1);
  }),

  does("putDeviceList", "shuts a revoked device out, enrolled or only signed in, and remembers it", async (world) => {
    const person = await world.person();
    const [enrolled, signedIn] = [await world.signIn(person), await world.signIn(person)];
    await world.list(person, 1, [person.device, enrolled.device]);
    const revoked = [enrolled.device, signedIn.device];
    const unseen = newDevice();
    const next = listOf(person, 2, [person.device], [...revoked, unseen]);
    const { endedSessionIds } = await world.accounts.putDeviceList(next);
    const ids = [enrolled, signedIn].map(({ session }) => String(session.sessionId));
    assert.deepEqual(endedSessionIds.map(String).sort(), ids.sort());
    for (const { deviceId } of revoked) assert.equal(await world.accounts.isRevoked({ deviceId }), true);
    for (const device of [...revoked, unseen]) {
      const { accountKey, opaqueRecord, session } = person;
      const login = world.accounts.openSession({ accountKey, opaqueRecord, device, session });
      assert.equal(await outcome(login), "E003");
    }
  }),

  refuses("putDeviceList", ErrorCode.epochConflict, "when the stored list has another version", async (world) => {
    const person = await world.person();
    const lists = [0, 2].map((version) => listOf(person, version, [person.device]));
    await refused(ErrorCode.epochConflict, ...lists.map((list) => world.accounts.putDeviceList(list)));
    assert.deepEqual(await world.accounts.accountByName(person), storedOf(person));
  }),

  refuses(
    "putDeviceList",
    ErrorCode.keyDoesNotMatchDevice,
    "for a device that never signed in to the account, without trace",
    async (world) => {
      const [person, other] = [await world.person(), await world.person()];
      const { device } = await world.signIn(person);
      const foreign = [newDevice(), other.device, { ...device, recipientKey: random(32) }];
      for (const stranger of foreign) {
        const list = listOf(person, 1, [device, stranger], [person.device]);
        await refused(ErrorCode.keyDoesNotMatchDevice, world.accounts.putDeviceList(list));
      }
      assert.deepEqual(await world.accounts.accountByName(person), storedOf(person));
      assert.equal(await world.accounts.isRevoked(person.device), false);
      assert.equal((await world.accounts.sessions(person)).length, 2);
      await world.list(person, 1, [person.device]);
    },
  ),

  repeats("putDeviceList", "is E015, because the version has moved on", async (world) => {
    const person = await world.person();
    const list = listOf(person, 1, [person.device]);
    await world.accounts.putDeviceList(list);
    await refused(ErrorCode.epochConflict, world.accounts.putDeviceList(list));
  }),

  races("putDeviceList", "takes exactly one of two lists at once, whole", async (world) => {
    const person = await world.person();
    const [one, two] = [await world.signIn(person), await world.signIn(person)];
    const lists = [one, two].map(({ device }) => listOf(person, 1, [person.device, device]));
    const outcomes = await Promise.all(lists.map((list) => outcome(world.accounts.putDeviceList(list))));
    assert.deepEqual([...outcomes].sort(), ["E015", "ok"]);
    const winner = outcomes.indexOf("ok");
    assert.deepEqual((await world.accounts.accountByName(person))?.devices, lists[winner].devices);
    const enrolled = [one, two].map(async ({ session: { tokenSha256 } }) =>
      (await world.accounts.session({ tokenSha256 }))?.enrolled
    );
    assert.deepEqual(await Promise.all(enrolled), [winner === 0, winner === 1]);
  }),

  does("accountByName", "gives the account, disabled ones too, but none that is unknown or deleted", async (world) => {
    const [person, disabled, deleted] = [await world.person(), await world.person(), await world.person()];
    await world.operator.changeAccount({ username: disabled.username, change: "disable" });
    await world.operator.changeAccount({ username: deleted.username, change: "delete" });
    for (const each of [person, disabled]) {
      assert.deepEqual(await world.accounts.accountByName(each), storedOf(each));
    }
    for (const username of [deleted.username, "nobody", ""]) {
      assert.equal(await world.accounts.accountByName({ username }), undefined);
    }
  }),

  does("accountsByKey", "gives the accounts in the order of the keys, deleted ones too", async (world) => {
    const [person, deleted] = [await world.person(), await world.person()];
    await world.operator.changeAccount({ username: deleted.username, change: "delete" });
    const accountKeys = [deleted.accountKey, random(32), person.accountKey];
    assert.deepEqual(await world.accounts.accountsByKey({ accountKeys }), [deleted, person].map(storedOf));
    assert.deepEqual(await world.accounts.accountsByKey({ accountKeys: [] }), []);
  }),

  does("usernamesFrom", "gives active names with the prefix, sorted, at most `limit`", async (world) => {
    for (const username of ["bob", "bo", "bo_b", "boz", "b%o", "alice", "bod", "bo.c"]) {
      await world.person({ username });
    }
    await world.operator.changeAccount({ username: "boz", change: "disable" });
    await world.operator.changeAccount({ username: "bod", change: "delete" });
    const find = (prefix: string, limit = 10) => world.accounts.usernamesFrom({ prefix, limit });
    assert.deepEqual(await find("bo"), ["bo", "bo.c", "bo_b", "bob"]);
    assert.deepEqual(await find("bo", 2), ["bo", "bo.c"]);
    assert.deepEqual([await find("bo_"), await find("b%"), await find("%")], [["bo_b"], ["b%o"], []]);
    assert.deepEqual((await find("")).length, 6);
    assert.deepEqual(await find("zed"), []);
  }),
];
