/** Behaviours of the server's own keys, new accounts and invites. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import type { OpaqueServerKeys } from "../../../opaque/server_keys.ts";
import { random } from "../../../testing/seed.ts";
import type { AccountStore, NewAccount } from "../../account_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { hourMs, newAccount, newDevice, newSession, outcome, refused, type World } from "../world.ts";

const serverKeys = (): OpaqueServerKeys => ({
  oprfSeed: random(32),
  akePrivateKey: random(32),
  akePublicKey: random(33),
  fakeRecord: random(129),
  fakeSecret: random(32),
});

async function invited(world: World): Promise<NewAccount> {
  const codeSha256 = random(32);
  await world.accounts.addInvite({ codeSha256, expiresMs: world.clock.nowMs + hourMs });
  return newAccount(world.clock.nowMs, { inviteSha256: codeSha256 });
}

export const registrationBehaviours: Behaviour<keyof AccountStore>[] = [
  does("opaqueServerKeys", "gives nothing until keys were stored, and then those keys for good", async (world) => {
    assert.equal(await world.accounts.opaqueServerKeys(), undefined);
    const keys = serverKeys();
    await world.accounts.ensureOpaqueServerKeys(keys);
    await world.reopen();
    assert.deepEqual(await world.accounts.opaqueServerKeys(), keys);
  }),

  does("ensureOpaqueServerKeys", "stores the first keys and gives them back", async (world) => {
    const keys = serverKeys();
    assert.deepEqual(await world.accounts.ensureOpaqueServerKeys(keys), keys);
  }),

  repeats("ensureOpaqueServerKeys", "gives the stored keys, whatever keys come later", async (world) => {
    const keys = serverKeys();
    await world.accounts.ensureOpaqueServerKeys(keys);
    assert.deepEqual(await world.accounts.ensureOpaqueServerKeys(serverKeys()), keys);
    assert.deepEqual(await world.accounts.opaqueServerKeys(), keys);
  }),

  races("ensureOpaqueServerKeys", "gives both of two calls at once the same keys", async (world) => {
    const ensure = () => world.accounts.ensureOpaqueServerKeys(serverKeys());
    const [one, two] = await Promise.all([ensure(), ensure()]);
    assert.deepEqual(one, two);
  }),

  does("register", "makes an account with its vault, its listed device and a session, durably", async (world) => {
    const account = newAccount(world.clock.nowMs);
    await world.accounts.register(account);
    await world.reopen();
    const { username, accountKey, opaqueRecord, devices, vault, device, session } = account;
    assert.deepEqual(await world.accounts.accountByName({ username }), { username, accountKey, devices });
    assert.deepEqual(await world.accounts.opaqueRecord({ username }), { accountKey, opaqueRecord, active: true });
    assert.deepEqual(await world.accounts.vault({ accountKey }), vault);
    assert.deepEqual(await world.accounts.session({ tokenSha256: session.tokenSha256 }), {
      sessionId: session.sessionId,
      ...device,
      accountKey,
      username,
      enrolled: true,
      lastUsedMs: world.clock.nowMs,
      expiresMs: session.expiresMs,
    });
  }),

  refuses(
    "register",
    ErrorCode.usernameInvalidOrTaken,
    "for a name that is taken, a deleted one too",
    async (world) => {
      const [first, deleted] = [await world.person(), await world.person()];
      await world.operator.changeAccount({ username: deleted.username, change: "delete" });
      for (const { username } of [first, deleted]) {
        const second = newAccount(world.clock.nowMs, { username });
        await refused(ErrorCode.usernameInvalidOrTaken, world.accounts.register(second));
        assert.deepEqual(await world.accounts.accountsByKey({ accountKeys: [second.accountKey] }), []);
      }
    },
  ),

  refuses("register", ErrorCode.keyDoesNotMatchDevice, "for an account key or device that is in use", async (world) => {
    const { accountKey, device } = await world.person();
    for (const overrides of [{ accountKey }, { device }]) {
      const second = newAccount(world.clock.nowMs, overrides);
      await refused(ErrorCode.keyDoesNotMatchDevice, world.accounts.register(second));
      assert.equal(await world.accounts.accountByName({ username: second.username }), undefined);
    }
  }),

  refuses("register", ErrorCode.registrationClosed, "for an invite that is unknown, used or expired", async (world) => {
    const unknown = newAccount(world.clock.nowMs, { inviteSha256: random(32) });
    const [first, late] = [await invited(world), await invited(world)];
    await world.accounts.register(first);
    const second = newAccount(world.clock.nowMs, { inviteSha256: first.inviteSha256 });
    const refuse = async (account: NewAccount) => {
      await refused(ErrorCode.registrationClosed, world.accounts.register(account));
      assert.equal(await world.accounts.accountByName(account), undefined);
    };
    await refuse(unknown);
    await refuse(second);
    world.clock.nowMs += hourMs;
    await refuse(late);
  }),

  does("register", "spends no invite when it is refused", async (world) => {
    const { username } = await world.person();
    const account = await invited(world);
    await refused(ErrorCode.usernameInvalidOrTaken, world.accounts.register({ ...account, username }));
    await world.accounts.register(account);
  }),

  repeats("register", "is refused as taken, and changes nothing of the account", async (world) => {
    const account = newAccount(world.clock.nowMs);
    await world.accounts.register(account);
    const again = { ...account, opaqueRecord: random(129), session: newSession(account.session.expiresMs) };
    await refused(ErrorCode.usernameInvalidOrTaken, world.accounts.register(again));
    const { username, accountKey, opaqueRecord } = account;
    assert.deepEqual(await world.accounts.opaqueRecord({ username }), { accountKey, opaqueRecord, active: true });
    assert.equal((await world.accounts.sessions({ accountKey })).length, 1);
  }),

  races("register", "lets exactly one of two accounts have a name, a key, a device, or an invite", async (world) => {
    const { inviteSha256 } = await invited(world);
    const shared: [Partial<NewAccount>, string][] = [
      [{ username: "ann" }, "E007"],
      [{ accountKey: random(32) }, "E023"],
      [{ device: newDevice() }, "E023"],
      [{ inviteSha256 }, "E006"],
    ];
    for (const [overrides, code] of shared) {
      const accounts = [1, 2].map(() => newAccount(world.clock.nowMs, overrides));
      const outcomes = await Promise.all(accounts.map((account) => outcome(world.accounts.register(account))));
      assert.deepEqual(outcomes.sort(), [code, "ok"]);
    }
  }),

  does("addInvite", "makes a code that is good for one registration, durably", async (world) => {
    const account = await invited(world);
    await world.reopen();
    await world.accounts.register(account);
    const [{ codeSha256, usedBy }] = await world.operator.invites();
    assert.deepEqual([codeSha256, usedBy], [account.inviteSha256, account.username]);
  }),

  repeats("addInvite", "leaves a code as it is, and makes no used code good again", async (world) => {
    const account = await invited(world);
    const again = { codeSha256: account.inviteSha256!, expiresMs: world.clock.nowMs + 9 * hourMs };
    await world.accounts.addInvite(again);
    assert.equal((await world.operator.invites())[0].expiresMs, world.clock.nowMs + hourMs);
    await world.accounts.register(account);
    await world.accounts.addInvite(again);
    const { inviteSha256 } = account;
    const second = newAccount(world.clock.nowMs, { inviteSha256 });
    await refused(ErrorCode.registrationClosed, world.accounts.register(second));
  }),

  races("addInvite", "makes one code when it comes twice at once", async (world) => {
    const invite = { codeSha256: random(32), expiresMs: world.clock.nowMs + hourMs };
    await Promise.all([world.accounts.addInvite(invite), world.accounts.addInvite(invite)]);
    assert.equal((await world.operator.invites()).length, 1);
  }),
];
