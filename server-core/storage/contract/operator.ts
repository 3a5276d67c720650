/** Behaviours of the operator's store, beside a running store. */

import assert from "node:assert/strict";
import { random } from "../../testing/seed.ts";
import { DataInUseError, RefusedError } from "../errors.ts";
import type { OperatorStore } from "../operator_store.ts";
import { operatorClockBehaviours } from "./operator_clock.ts";
import { operatorReportBehaviours } from "./operator_reports.ts";
import { type Behaviour, does, races, repeats } from "./behaviour.ts";
import { hourMs, messageOf, newAccount, outcome, type World } from "./world.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "qpq-contract-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const invite = (world: World, expiresMs = world.clock.nowMs + hourMs) => {
  const codeSha256 = random(32);
  return world.operator.addInvite({ codeSha256, expiresMs }).then(() => codeSha256);
};

const keyPackage = () => ({ sha256: random(32), keyPackage: random(9), notBeforeMs: 0, notAfterMs: 2 ** 50 });

export const operatorBehaviours: Behaviour<keyof OperatorStore>[] = [
  ...operatorClockBehaviours,
  ...operatorReportBehaviours,

  does("isServed", "is true while a server has the data", async (world) => {
    assert.equal(await world.operator.isServed(), true);
    await world.reopen(async () => assert.equal(await world.operator.isServed(), false));
  }),

  does("facts", "counts what the store holds", async (world) => {
    const [ann, bob, deleted] = [await world.person(), await world.person(), await world.person()];
    await world.operator.changeAccount({ username: deleted.username, change: "delete" });
    await world.signIn(ann);
    const channelId = await world.channel([ann.device, bob.device]);
    await world.delivery.publish(messageOf(ann.device, channelId, 1, { envelope: random(70) }));
    await world.accounts.addKeyPackages({ deviceId: ann.device.deviceId, keyPackages: [keyPackage()] });
    await invite(world);
    const blob = { sha256: random(32), length: 30, quota: 100, ttlMs: hourMs };
    for (const { accountKey } of [ann, bob]) await world.delivery.storeBlob({ ...blob, accountKey });
    const { schemaVersion, storageFormat, databaseBytes, ...counts } = await world.operator.facts();
    assert.deepEqual(counts, {
      encrypted: false,
      accounts: 2,
      devices: 2,
      sessions: 3,
      channels: 1,
      queueMessages: 1,
      queueBytes: 70,
      keyPackages: 1,
      openInvites: 1,
      attachments: 1,
      attachmentBytes: 30,
    });
    assert.ok(schemaVersion > 0 && storageFormat > 0 && databaseBytes > 0);
  }),

  does("accounts", "gives all accounts by name, deleted ones too", async (world) => {
    for (const username of ["carl", "ann", "bob"]) await world.person({ username });
    await world.operator.changeAccount({ username: "bob", change: "delete" });
    const found = await world.operator.accounts();
    assert.deepEqual(found.map(({ username, state }) => [username, state]), [
      ["ann", "active"],
      ["bob", "deleted"],
      ["carl", "active"],
    ]);
  }),

  does("account", "gives an account with its counts, and nothing for an unknown name", async (world) => {
    const person = await world.person();
    const { username, accountKey } = person;
    const createdMs = world.clock.nowMs;
    world.clock.nowMs += 1000;
    await world.signIn(person);
    await world.delivery.storeBlob({ sha256: random(32), length: 5, accountKey, quota: 9, ttlMs: hourMs });
    const { nowMs: lastUsedMs } = world.clock;
    const counts = { devices: 1, sessions: 2, lastUsedMs, attachmentBytes: 5 };
    const found = await world.operator.account({ username });
    assert.deepEqual(found, { username, state: "active", accountKey, createdMs, ...counts });
    assert.equal(await world.operator.account({ username: "nobody" }), undefined);
  }),

  does("changeAccount", "disables an account, ends its sessions, and enables it again", async (world) => {
    const { username, accountKey } = await world.person();
    const disabled = await world.operator.changeAccount({ username, change: "disable" });
    assert.deepEqual(disabled, { before: "active", state: "disabled", endedSessions: 1 });
    assert.deepEqual(await world.accounts.sessions({ accountKey }), []);
    const enabled = await world.operator.changeAccount({ username, change: "enable" });
    assert.deepEqual(enabled, { before: "disabled", state: "active", endedSessions: 0 });
    assert.equal(await world.operator.changeAccount({ username: "nobody", change: "delete" }), undefined);
  }),

  does("changeAccount", "deletes all that is an account's own, and shuts its devices out", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const { username, accountKey, device } = person;
    const channelId = await world.channel([other.device, device]);
    await world.accounts.addKeyPackages({ deviceId: device.deviceId, keyPackages: [keyPackage()] });
    const blob = { sha256: random(32), length: 5, accountKey, quota: 9, ttlMs: hourMs };
    await world.delivery.storeBlob(blob);
    const deleted = await world.operator.changeAccount({ username, change: "delete" });
    assert.deepEqual(deleted, { before: "active", state: "deleted", endedSessions: 1 });
    const [known] = await world.operator.devices({ username }) ?? [];
    assert.deepEqual([known.state, known.keyPackages, known.waiting], ["revoked", 0, 0]);
    assert.equal(await outcome(world.delivery.blobLength({ sha256: blob.sha256 })), "E031");
    assert.equal(await outcome(world.delivery.publish(messageOf(device, channelId, 1))), "E016");
    const again = newAccount(world.clock.nowMs, { device });
    assert.equal(await outcome(world.accounts.register(again)), "E023");
    const vault = await world.accounts.vault({ accountKey });
    assert.equal(vault.sealed.length + vault.wrappedByPassword.length + vault.recoveryKey.length, 0);
  }),

  repeats("changeAccount", "leaves a deleted account as it is, whatever is asked", async (world) => {
    const { username } = await world.person();
    await world.operator.changeAccount({ username, change: "delete" });
    for (const change of ["delete", "enable", "disable"] as const) {
      const answer = await world.operator.changeAccount({ username, change });
      assert.deepEqual(answer, { before: "deleted", state: "deleted", endedSessions: 0 });
    }
  }),

  races("changeAccount", "leaves no session that was opened while the account was disabled", async (world) => {
    const person = await world.person();
    const { username, accountKey } = person;
    const logins = [1, 2, 3].map(() => outcome(world.signIn(person)));
    await world.operator.changeAccount({ username, change: "disable" });
    assert.ok((await Promise.all(logins)).every((answer) => ["ok", "E008"].includes(answer)));
    await world.operator.changeAccount({ username, change: "disable" });
    assert.deepEqual(await world.accounts.sessions({ accountKey }), []);
  }),

  does("devices", "gives an account's devices with state and live sessions, oldest first", async (world) => {
    const person = await world.person();
    const { username, device, session } = person;
    world.clock.nowMs += 1;
    const revoked = await world.signIn(person);
    world.clock.nowMs += 1;
    const signedIn = await world.signIn(person);
    await world.list(person, 1, [device], [revoked.device]);
    const found = await world.operator.devices({ username }) ?? [];
    assert.deepEqual(found.map(({ deviceId, state, sessions }) => [deviceId, state, sessions.length]), [
      [device.deviceId, "listed", 1],
      [revoked.device.deviceId, "revoked", 0],
      [signedIn.device.deviceId, "signed in", 1],
    ]);
    const { createdMs } = found[0];
    const { sessionId, expiresMs } = session;
    assert.deepEqual(found[0].sessions, [{ sessionId, createdMs, lastUsedMs: createdMs, expiresMs }]);
    assert.equal(await world.operator.devices({ username: "nobody" }), undefined);
  }),

  does("endSessions", "ends one session, a device's, an account's, or all", async (world) => {
    const [ann, bob, carl] = [await world.person(), await world.person(), await world.person()];
    const { session } = await world.signIn(ann);
    const { sessionId } = session;
    const { deviceId } = ann.device;
    const end = async (sessions: Parameters<OperatorStore["endSessions"]>[0]["sessions"]) =>
      await world.operator.endSessions({ sessions });
    assert.deepEqual(await end({ sessionId }), [sessionId]);
    assert.deepEqual(await end({ deviceId }), [ann.session.sessionId]);
    assert.deepEqual(await end({ username: bob.username }), [bob.session.sessionId]);
    assert.equal(await end({ username: "nobody" }), undefined);
    assert.deepEqual(await end("all"), [carl.session.sessionId]);
  }),

  repeats("endSessions", "ends nothing more", async (world) => {
    const { session: { sessionId } } = await world.person();
    await world.operator.endSessions({ sessions: { sessionId } });
    assert.deepEqual(await world.operator.endSessions({ sessions: { sessionId } }), []);
  }),

  races("endSessions", "names a session to one of two calls at once", async (world) => {
    const { session: { sessionId } } = await world.person();
    const end = () => world.operator.endSessions({ sessions: { sessionId } });
    const [one, two] = await Promise.all([end(), end()]);
    assert.equal(one!.length + two!.length, 1);
  }),

  does("addInvite", "makes a code that the running store takes once", async (world) => {
    const inviteSha256 = await invite(world);
    const accounts = [1, 2].map(() => newAccount(world.clock.nowMs, { inviteSha256 }));
    const answers = [];
    for (const account of accounts) answers.push(await outcome(world.accounts.register(account)));
    assert.deepEqual(answers, ["ok", "E006"]);
  }),

  repeats("addInvite", "leaves a code as it is", async (world) => {
    const codeSha256 = await invite(world);
    await world.operator.addInvite({ codeSha256, expiresMs: world.clock.nowMs + 9 * hourMs });
    const expiresMs = world.clock.nowMs + hourMs;
    assert.deepEqual(await world.operator.invites(), [{ codeSha256, expiresMs, usedBy: null }]);
  }),

  races("addInvite", "makes one code when it comes twice at once", async (world) => {
    const args = { codeSha256: random(32), expiresMs: world.clock.nowMs + hourMs };
    await Promise.all([world.operator.addInvite(args), world.operator.addInvite(args)]);
    assert.equal((await world.operator.invites()).length, 1);
  }),

  does("invites", "gives all codes by their end, with the account that used one", async (world) => {
    const late = await invite(world, world.clock.nowMs + 2 * hourMs);
    const soon = await invite(world);
    const { username } = await world.person({ inviteSha256: late });
    const found = await world.operator.invites();
    assert.deepEqual(found.map(({ codeSha256, usedBy }) => ({ codeSha256, usedBy })), [
      { codeSha256: soon, usedBy: null },
      { codeSha256: late, usedBy: username },
    ]);
  }),

  does("withdrawInvite", "deletes an unused code by the beginning of its hash, and no used one", async (world) => {
    const [open, used] = [await invite(world), await invite(world)];
    await world.person({ inviteSha256: used });
    const withdraw = (code: typeof open) => world.operator.withdrawInvite({ idPrefix: code.slice(0, 8) });
    assert.deepEqual([await withdraw(open), await withdraw(used), await withdraw(random(32))], [true, false, false]);
    const account = newAccount(world.clock.nowMs, { inviteSha256: open });
    assert.equal(await outcome(world.accounts.register(account)), "E006");
  }),

  repeats("withdrawInvite", "finds no code any more", async (world) => {
    const idPrefix = (await invite(world)).slice(0, 8);
    assert.equal(await world.operator.withdrawInvite({ idPrefix }), true);
    assert.equal(await world.operator.withdrawInvite({ idPrefix }), false);
  }),

  races("withdrawInvite", "never takes a code from an account that registers with it at once", async (world) => {
    const inviteSha256 = await invite(world);
    const [withdrawn, registered] = await Promise.all([
      world.operator.withdrawInvite({ idPrefix: inviteSha256.slice(0, 8) }),
      outcome(world.accounts.register(newAccount(world.clock.nowMs, { inviteSha256 }))),
    ]);
    assert.equal(registered, withdrawn ? "E006" : "ok");
  }),

  does("faults", "finds none in whole data, and an attachment without its file", async (world) => {
    const { accountKey } = await world.person();
    assert.deepEqual(await world.operator.faults({ hashes: true }), []);
    await world.delivery.storeBlob({ sha256: random(32), length: 5, accountKey, quota: 9, ttlMs: hourMs });
    assert.equal((await world.operator.faults({ hashes: false })).length, 1);
  }),

  does("backUp", "writes a file that holds what the store holds", async (world) => {
    const person = await world.person();
    await inFolder(async (folder) => {
      const file = `${folder}/backup`;
      assert.deepEqual(await world.operator.backUp({ file }), { attachments: 0 });
      await assert.rejects(world.operator.backUp({ file }));
      await world.revoke(person);
      await world.reopen(async () => {
        await world.operator.restore({ file, replace: true });
      });
    });
    assert.equal(await world.accounts.isRevoked(person.device), false);
  }),

  does("backupFaults", "finds none in a backup, and some in half a one", async (world) => {
    await inFolder(async (folder) => {
      const file = `${folder}/backup`;
      await world.operator.backUp({ file });
      assert.deepEqual(await world.operator.backupFaults({ file }), []);
      Deno.truncateSync(file, 5_000);
      assert.notDeepEqual(await world.operator.backupFaults({ file }), []);
    });
  }),

  does("keyInUse", "tells nothing of data that has no key", async (world) => {
    await world.reopen(() => world.operator.rekey({ newKey: undefined }));
    assert.equal(await world.operator.keyInUse(), undefined);
  }),

  does("restore", "replaces data only when it is asked to, and only without a server", async (world) => {
    await inFolder(async (folder) => {
      const file = `${folder}/backup`;
      await world.operator.backUp({ file });
      const later = await world.person();
      await assert.rejects(world.operator.restore({ file, replace: true }), DataInUseError);
      await world.reopen(async () => {
        await assert.rejects(world.operator.restore({ file, replace: false }), RefusedError);
      });
      assert.ok(await world.accounts.accountByName(later));
      await world.reopen(async () => {
        const { attachments, aside } = await world.operator.restore({ file, replace: true });
        assert.equal(attachments, 0);
        assert.ok(aside);
      });
      assert.equal(await world.accounts.accountByName(later), undefined);
    });
  }),

  does("rekey", "works without a server only, and keeps all data", async (world) => {
    const person = await world.person();
    await assert.rejects(world.operator.rekey({ newKey: undefined }), DataInUseError);
    await world.reopen(() => world.operator.rekey({ newKey: undefined }));
    assert.ok(await world.accounts.accountByName(person));
  }),
];
