/** Behaviours of shared settings, of accounts that take invited people only, and of reports. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { random } from "../../../testing/seed.ts";
import type { AccountStore, DeviceKeys, NewKeyPackage } from "../../account_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { commitOf, dayMs, hourMs, messageOf, outcome, type Person, refused, type World } from "../world.ts";

const settingsOf = ({ accountKey }: Person, expectedVersion = 0, invitedOnly = false) => ({
  accountKey,
  expectedVersion,
  sealed: random(40),
  invitedOnly,
});

/** An account that takes invited people only and has a last resort, which is never used up. */
async function choosy(world: World): Promise<Person> {
  const person = await world.person();
  const lastResort: NewKeyPackage = {
    sha256: random(32),
    keyPackage: random(60),
    notBeforeMs: 0,
    notAfterMs: world.clock.nowMs + 30 * dayMs,
  };
  await world.accounts.addKeyPackages({ deviceId: person.device.deviceId, keyPackages: [], lastResort });
  await world.accounts.putSettings(settingsOf(person, 0, true));
  return person;
}

const take = (world: World, { accountKey }: Person, by: Person, linkHash?: Uint8Array<ArrayBuffer>) =>
  world.accounts.takeKeyPackages({ accountKey, deviceIds: [], by: by.accountKey, ...(linkHash && { linkHash }) });

/** Publishes an envelope of kind 1, a message, or of another kind. */
const write = (world: World, device: DeviceKeys, channelId: Uint8Array<ArrayBuffer>, epoch: number, kind = 1) =>
  world.delivery.publish(
    messageOf(device, channelId, epoch, { envelope: new Uint8Array([0x86, 1, 1, kind, ...random(60)]) }),
  );

const report = ({ accountKey: reporterKey }: Person, { accountKey }: Person, text = "rude") => ({
  reporterKey,
  accountKey,
  text,
});

export const settingsBehaviours: Behaviour<keyof AccountStore>[] = [
  does("settings", "gives version 0 and nothing where there are none", async (world) => {
    const { accountKey } = await world.person();
    const none = { version: 0, sealed: new Uint8Array(), invitedOnly: false };
    assert.deepEqual(await world.accounts.settings({ accountKey }), none);
  }),

  does("putSettings", "stores the next version, durably, until the account is deleted", async (world) => {
    const person = await world.person();
    await world.accounts.putSettings(settingsOf(person));
    const next = settingsOf(person, 1, true);
    await world.accounts.putSettings(next);
    await world.reopen();
    const stored = { version: 2, sealed: next.sealed, invitedOnly: true };
    assert.deepEqual(await world.accounts.settings(person), stored);
    await world.operator.changeAccount({ username: person.username, change: "delete" });
    assert.equal((await world.accounts.settings(person)).version, 0);
  }),

  refuses("putSettings", ErrorCode.epochConflict, "when there is another version", async (world) => {
    const person = await world.person();
    await refused(ErrorCode.epochConflict, world.accounts.putSettings(settingsOf(person, 1)));
    assert.equal((await world.accounts.settings(person)).version, 0);
  }),

  repeats("putSettings", "is E015, because the version has moved on", async (world) => {
    const settings = settingsOf(await world.person());
    await world.accounts.putSettings(settings);
    await refused(ErrorCode.epochConflict, world.accounts.putSettings(settings));
  }),

  races("putSettings", "takes one of two", async (world) => {
    const person = await world.person();
    const outcomes = [1, 2].map(() => outcome(world.accounts.putSettings(settingsOf(person))));
    assert.deepEqual((await Promise.all(outcomes)).sort(), ["E015", "ok"]);
  }),

  refuses(
    "takeKeyPackages",
    ErrorCode.invitedOnly,
    "for strangers of an account that wants invited people",
    async (world) => {
      const [person, stranger] = [await choosy(world), await world.person()];
      const end = { endMs: world.clock.nowMs + hourMs, publicKey: random(1216), requests: 5 };
      const [own, others] = [random(32), random(32)];
      await world.accounts.putLink({ ...end, accountKey: person.accountKey, linkHash: own });
      await world.accounts.putLink({ ...end, accountKey: stranger.accountKey, linkHash: others });
      await refused(
        ErrorCode.invitedOnly,
        take(world, person, stranger),
        take(world, person, stranger, random(32)),
        take(world, person, stranger, others),
      );
      assert.equal((await take(world, person, stranger, own)).length, 1);
      assert.equal((await take(world, person, person)).length, 1, "own devices");
      await world.accounts.removeLink({ accountKey: person.accountKey, linkHash: own });
      await refused(ErrorCode.invitedOnly, take(world, person, stranger, own));
      await world.accounts.putSettings(settingsOf(person, 1, false));
      assert.equal((await take(world, person, stranger)).length, 1);
    },
  ),

  does("takeKeyPackages", "lets those have them in whose channel the account has written", async (world) => {
    const [person, friend] = [await choosy(world), await world.person()];
    const channelId = await world.channel([friend.device, person.device]);
    await write(world, person.device, channelId, 1);
    assert.equal((await take(world, person, friend)).length, 1);
    await world.reopen();
    assert.equal((await take(world, person, friend)).length, 1);
  }),

  does("takeKeyPackages", "lets those have them who are in a channel that the account has made", async (world) => {
    const [person, friend] = [await choosy(world), await world.person()];
    await world.channel([person.device, friend.device]);
    assert.equal((await take(world, person, friend)).length, 1);
  }),

  refuses(
    "takeKeyPackages",
    ErrorCode.invitedOnly,
    "for a stranger who has put the account into a channel, also after it has declined or committed",
    async (world) => {
      const [person, stranger] = [await choosy(world), await world.person()];
      const members = [stranger.device, person.device];
      const channelId = await world.channel(members);
      const isRefused = () => refused(ErrorCode.invitedOnly, take(world, person, stranger));
      await isRefused();
      // The request to leave: an envelope of kind 2.
      await write(world, person.device, channelId, 1, 2);
      await isRefused();
      // Clients remove revoked devices, and who wants to leave, without their user.
      await world.delivery.commit(commitOf({ sender: person.device, channelId, epoch: 1, members }));
      await isRefused();
      await world.delivery.commit(
        commitOf({
          sender: stranger.device,
          channelId,
          epoch: 2,
          members: [stranger.device],
          removed: [person.device],
        }),
      );
      await world.delivery.commit(
        commitOf({ sender: stranger.device, channelId, epoch: 3, members, added: [person.device] }),
      );
      await isRefused();
    },
  ),

  does("takeKeyPackages", "forgets that the account has written where it was removed since", async (world) => {
    const [person, other] = [await choosy(world), await world.person()];
    const members = [other.device, person.device];
    const channelId = await world.channel(members);
    await write(world, person.device, channelId, 1);
    const [removed, added] = [[person.device], [person.device]];
    // Who has lost its place is put back by one commit, and was never away.
    await world.delivery.commit(
      commitOf({ sender: other.device, channelId, epoch: 1, members, removed, added }),
    );
    assert.equal((await take(world, person, other)).length, 1);
    await world.delivery.commit(
      commitOf({ sender: other.device, channelId, epoch: 2, members: [other.device], removed }),
    );
    await world.delivery.commit(commitOf({ sender: other.device, channelId, epoch: 3, members, added }));
    await refused(ErrorCode.invitedOnly, take(world, person, other));
  }),

  does("takeKeyPackages", "takes a device for one that has written whose own account has added it", async (world) => {
    const [person, friend] = [await choosy(world), await world.person()];
    const { device } = await world.signIn(person);
    await world.list(person, 1, [person.device, device]);
    const channelId = await world.channel([friend.device, person.device]);
    const all = [friend.device, person.device, device];
    const add = { sender: person.device, channelId, epoch: 1, members: all, added: [device] };
    await write(world, person.device, channelId, 1);
    await world.delivery.commit(commitOf(add));
    const [members, removed] = [[friend.device, device], [person.device]];
    await world.delivery.commit(commitOf({ sender: friend.device, channelId, epoch: 2, members, removed }));
    const taken = world.accounts.takeKeyPackages({
      accountKey: person.accountKey,
      deviceIds: [person.device.deviceId],
      by: friend.accountKey,
    });
    assert.equal((await taken).length, 1);
  }),

  does("takeKeyPackages", "lets those have them by whose link the account has asked", async (world) => {
    const [person, maker] = [await choosy(world), await world.person()];
    const linkHash = random(32);
    const end = { endMs: world.clock.nowMs + hourMs, publicKey: random(1216), requests: 5 };
    await world.accounts.putLink({ ...end, accountKey: maker.accountKey, linkHash });
    await refused(ErrorCode.invitedOnly, take(world, person, maker));
    await world.accounts.requestJoin({ linkHash, accountKey: person.accountKey, sealed: random(9) });
    assert.equal((await take(world, person, maker)).length, 1);
  }),

  does("addReport", "keeps a report for the operator, who can remove it", async (world) => {
    const [reporter, about] = [await world.person(), await world.person()];
    await world.accounts.addReport(report(reporter, about, "first"));
    await world.accounts.addReport(report(reporter, about, "second"));
    const found = await world.operator.reports();
    assert.deepEqual(found.map(({ about, reporter, text }) => [about, reporter, text]), [
      [about.username, reporter.username, "second"],
      [about.username, reporter.username, "first"],
    ]);
    assert.equal(await world.operator.removeReport({ id: found[0].id }), true);
    assert.equal((await world.operator.reports()).length, 1);
  }),

  refuses("addReport", ErrorCode.unknownRecipient, "about an account that there is not", async (world) => {
    const reporter = await world.person();
    await refused(
      ErrorCode.unknownRecipient,
      world.accounts.addReport({ ...report(reporter, reporter), accountKey: random(32) }),
    );
  }),

  refuses("addReport", ErrorCode.rateLimited, "above 10 in 24 h", async (world) => {
    const [reporter, about] = [await world.person(), await world.person()];
    for (let count = 0; count < 10; count++) await world.accounts.addReport(report(reporter, about));
    await refused(ErrorCode.rateLimited, world.accounts.addReport(report(reporter, about)));
    await world.accounts.addReport(report(about, reporter));
    world.clock.nowMs += dayMs;
    await world.accounts.addReport(report(reporter, about));
  }),

  repeats("addReport", "is another report", async (world) => {
    const [reporter, about] = [await world.person(), await world.person()];
    await world.accounts.addReport(report(reporter, about));
    await world.accounts.addReport(report(reporter, about));
    assert.equal((await world.operator.reports()).length, 2);
  }),

  races("addReport", "never takes more than 10", async (world) => {
    const [reporter, about] = [await world.person(), await world.person()];
    const outcomes = Array.from({ length: 12 }, () => outcome(world.accounts.addReport(report(reporter, about))));
    assert.equal((await Promise.all(outcomes)).filter((code) => code === "ok").length, 10);
  }),
];
