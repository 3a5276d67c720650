/** Behaviours of vaults, alone or together with a new password. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { random } from "../../../testing/seed.ts";
import type { AccountStore, StoredVault } from "../../account_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { hourMs, outcome, type Person, refused, type World } from "../world.ts";

/** The next vault of a person: with new content and the same wraps. */
const nextOf = ({ vault }: Person, version = vault.version + 1): StoredVault => ({
  ...vault,
  version,
  sealed: random(90),
});

/** The next vault with new wraps and another recovery key. */
const rewrapped = (person: Person): StoredVault => ({
  ...nextOf(person),
  wrappedByPassword: random(60),
  wrappedByRecovery: random(60),
  recoveryKey: random(32),
});

const put = (world: World, person: Person, vault: StoredVault, expectedVersion = person.vault.version) => {
  const { accountKey, session: { sessionId } } = person;
  return world.accounts.putVault({
    accountKey,
    expectedVersion,
    vault,
    sessionId,
    freshSinceMs: world.clock.nowMs - hourMs,
  });
};

const passwordOf = (world: World, { accountKey, session }: Person, vault: StoredVault, expectedVersion = 1) => ({
  accountKey,
  opaqueRecord: random(129),
  expectedVersion,
  vault,
  keptSessionId: session.sessionId,
  freshSinceMs: world.clock.nowMs - hourMs,
});

const recoveryOf = ({ accountKey, vault: { recoveryKey } }: Person, vault: StoredVault, expectedVersion = 1) => ({
  accountKey,
  recoveryKey,
  opaqueRecord: random(129),
  expectedVersion,
  vault,
});

export const vaultBehaviours: Behaviour<keyof AccountStore>[] = [
  does("vault", "gives the stored vault", async (world) => {
    const { accountKey, vault } = await world.person();
    assert.deepEqual(await world.accounts.vault({ accountKey }), vault);
  }),

  does("putVault", "replaces the vault, durably", async (world) => {
    const person = await world.person();
    const vault = nextOf(person);
    await put(world, person, vault);
    await world.reopen();
    assert.deepEqual(await world.accounts.vault(person), vault);
  }),

  does("putVault", "changes the wraps for a session that began just before", async (world) => {
    const person = await world.person();
    const vault = rewrapped(person);
    world.clock.nowMs += hourMs;
    await put(world, person, vault);
    assert.deepEqual(await world.accounts.vault(person), vault);
  }),

  refuses(
    "putVault",
    ErrorCode.malformed,
    "when an older session changes a wrap or the recovery key",
    async (world) => {
      const person = await world.person();
      world.clock.nowMs += hourMs + 1;
      const all = rewrapped(person);
      for (const name of ["wrappedByPassword", "wrappedByRecovery", "recoveryKey"] as const) {
        await refused(ErrorCode.malformed, put(world, person, { ...nextOf(person), [name]: all[name] }));
      }
      assert.deepEqual(await world.accounts.vault(person), person.vault);
      await put(world, person, nextOf(person));
    },
  ),

  refuses(
    "putVault",
    ErrorCode.epochConflict,
    "when the stored version is another, and changes nothing",
    async (world) => {
      const person = await world.person();
      await refused(
        ErrorCode.epochConflict,
        put(world, person, nextOf(person), 0),
        put(world, person, nextOf(person), 2),
      );
      assert.deepEqual(await world.accounts.vault(person), person.vault);
    },
  ),

  repeats("putVault", "is E015, because the version has moved on", async (world) => {
    const person = await world.person();
    const vault = nextOf(person);
    await put(world, person, vault);
    await refused(ErrorCode.epochConflict, put(world, person, vault));
  }),

  races("putVault", "takes exactly one of two vaults at once", async (world) => {
    const person = await world.person();
    const vaults = [nextOf(person), nextOf(person)];
    const outcomes = await Promise.all(vaults.map((vault) => outcome(put(world, person, vault))));
    assert.deepEqual([...outcomes].sort(), ["E015", "ok"]);
    assert.deepEqual(await world.accounts.vault(person), vaults[outcomes.indexOf("ok")]);
  }),

  does("changePassword", "replaces record and vault and ends all other sessions, durably", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const { username, accountKey, session } = person;
    const { session: ended } = await world.signIn(person);
    const change = passwordOf(world, person, rewrapped(person));
    const { endedSessionIds } = await world.accounts.changePassword(change);
    assert.deepEqual(endedSessionIds, [ended.sessionId]);
    await world.reopen();
    const { opaqueRecord, vault } = change;
    assert.deepEqual(await world.accounts.opaqueRecord({ username }), { accountKey, opaqueRecord, active: true });
    assert.deepEqual(await world.accounts.vault({ accountKey }), vault);
    const left = await world.accounts.sessions({ accountKey });
    assert.deepEqual(left.map(({ sessionId }) => sessionId), [session.sessionId]);
    assert.equal((await world.accounts.sessions(other)).length, 1);
  }),

  refuses(
    "changePassword",
    ErrorCode.forbidden,
    "for a session that began too long ago or is unknown",
    async (world) => {
      const person = await world.person();
      const change = passwordOf(world, person, rewrapped(person));
      await refused(
        ErrorCode.forbidden,
        world.accounts.changePassword({ ...change, freshSinceMs: world.clock.nowMs + 1 }),
        world.accounts.changePassword({ ...change, keptSessionId: random(16) }),
      );
      assert.deepEqual(await world.accounts.vault(person), person.vault);
    },
  ),

  refuses(
    "changePassword",
    ErrorCode.epochConflict,
    "when the vault has another version, without trace",
    async (world) => {
      const person = await world.person();
      await world.signIn(person);
      const { username, accountKey, opaqueRecord, vault } = person;
      await refused(
        ErrorCode.epochConflict,
        world.accounts.changePassword(passwordOf(world, person, rewrapped(person), 2)),
      );
      assert.deepEqual(await world.accounts.opaqueRecord({ username }), { accountKey, opaqueRecord, active: true });
      assert.deepEqual(await world.accounts.vault({ accountKey }), vault);
      assert.equal((await world.accounts.sessions({ accountKey })).length, 2);
    },
  ),

  repeats("changePassword", "is E015, because the vault's version has moved on", async (world) => {
    const person = await world.person();
    const change = passwordOf(world, person, rewrapped(person));
    await world.accounts.changePassword(change);
    await refused(ErrorCode.epochConflict, world.accounts.changePassword(change));
  }),

  races("changePassword", "takes exactly one of two at once, record and vault of the same one", async (world) => {
    const person = await world.person();
    const changes = [1, 2].map(() => passwordOf(world, person, rewrapped(person)));
    const outcomes = await Promise.all(changes.map((change) => outcome(world.accounts.changePassword(change))));
    assert.deepEqual([...outcomes].sort(), ["E015", "ok"]);
    const { opaqueRecord, vault } = changes[outcomes.indexOf("ok")];
    assert.deepEqual((await world.accounts.opaqueRecord(person))?.opaqueRecord, opaqueRecord);
    assert.deepEqual(await world.accounts.vault(person), vault);
  }),

  does("recoverable", "gives account, recovery key and vault of an active account", async (world) => {
    const { username, accountKey, devices, vault } = await world.person();
    const account = { username, accountKey, devices };
    const { recoveryKey } = vault;
    assert.deepEqual(await world.accounts.recoverable({ username }), { account, recoveryKey, vault });
  }),

  does("recoverable", "gives nothing for unknown, disabled and deleted accounts, and without a key", async (world) => {
    const [disabled, deleted] = [await world.person(), await world.person()];
    await world.operator.changeAccount({ username: disabled.username, change: "disable" });
    await world.operator.changeAccount({ username: deleted.username, change: "delete" });
    const keyless = await world.person({ vault: { ...disabled.vault, recoveryKey: new Uint8Array() } });
    for (const { username } of [disabled, deleted, keyless, { username: "nobody" }]) {
      assert.equal(await world.accounts.recoverable({ username }), undefined, username);
    }
  }),

  does("recover", "replaces record and vault and ends all sessions, durably", async (world) => {
    const person = await world.person();
    const { session } = await world.signIn(person);
    const recovery = recoveryOf(person, rewrapped(person));
    const { endedSessionIds } = await world.accounts.recover(recovery);
    const ended = [person.session.sessionId, session.sessionId];
    assert.deepEqual(endedSessionIds.map(String).sort(), ended.map(String).sort());
    await world.reopen();
    assert.deepEqual((await world.accounts.opaqueRecord(person))?.opaqueRecord, recovery.opaqueRecord);
    assert.deepEqual(await world.accounts.vault(person), recovery.vault);
    assert.deepEqual(await world.accounts.sessions(person), []);
  }),

  refuses(
    "recover",
    ErrorCode.loginFailed,
    "for another recovery key, and an account that is not active",
    async (world) => {
      const [person, disabled] = [await world.person(), await world.person()];
      await world.operator.changeAccount({ username: disabled.username, change: "disable" });
      await refused(
        ErrorCode.loginFailed,
        world.accounts.recover({ ...recoveryOf(person, rewrapped(person)), recoveryKey: random(32) }),
        world.accounts.recover(recoveryOf(disabled, rewrapped(disabled))),
      );
      assert.deepEqual(await world.accounts.vault(person), person.vault);
    },
  ),

  refuses("recover", ErrorCode.epochConflict, "when the vault has another version, without trace", async (world) => {
    const person = await world.person();
    await refused(ErrorCode.epochConflict, world.accounts.recover(recoveryOf(person, rewrapped(person), 2)));
    assert.deepEqual((await world.accounts.opaqueRecord(person))?.opaqueRecord, person.opaqueRecord);
    assert.equal((await world.accounts.sessions(person)).length, 1);
  }),

  repeats("recover", "is E015 while the recovery key is the same, and E008 afterwards", async (world) => {
    const [same, replaced] = [await world.person(), await world.person()];
    const keeping = recoveryOf(same, nextOf(same));
    const replacing = recoveryOf(replaced, rewrapped(replaced));
    for (const recovery of [keeping, replacing]) await world.accounts.recover(recovery);
    await refused(ErrorCode.epochConflict, world.accounts.recover(keeping));
    await refused(ErrorCode.loginFailed, world.accounts.recover(replacing));
  }),

  races("recover", "takes exactly one of two at once", async (world) => {
    const person = await world.person();
    const recoveries = [1, 2].map(() => recoveryOf(person, nextOf(person)));
    const outcomes = await Promise.all(recoveries.map((recovery) => outcome(world.accounts.recover(recovery))));
    assert.deepEqual([...outcomes].sort(), ["E015", "ok"]);
    const { opaqueRecord } = recoveries[outcomes.indexOf("ok")];
    assert.deepEqual((await world.accounts.opaqueRecord(person))?.opaqueRecord, opaqueRecord);
  }),
];
