/** Behaviours of accounts that their users delete; what goes is tested with the operator's `users delete`, too. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { random } from "../../../testing/seed.ts";
import type { AccountStore } from "../../account_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { outcome, type Person, refused, type World } from "../world.ts";

const deletionOf = (world: World, { accountKey, session: { sessionId } }: Person, expectedVersion = 1) => ({
  accountKey,
  sessionId,
  freshSinceMs: world.clock.nowMs - 300_000,
  next: { expectedVersion, devices: { list: random(40), signature: random(64) } },
});

export const deletionBehaviours: Behaviour<keyof AccountStore>[] = [
  does(
    "deleteAccount",
    "ends sessions and sign-ins, shuts devices out and keeps name and list, durably",
    async (world) => {
      const [person, other] = [await world.person(), await world.person()];
      const { session } = await world.signIn(person);
      const deletion = deletionOf(world, person);
      const { endedSessionIds } = await world.accounts.deleteAccount(deletion);
      const ids = [person.session.sessionId, session.sessionId];
      assert.deepEqual(endedSessionIds.map(String).sort(), ids.map(String).sort());
      await world.reopen();
      assert.equal((await world.accounts.opaqueRecord(person))?.active, false);
      assert.equal(await world.accounts.session({ tokenSha256: session.tokenSha256 }), undefined);
      assert.equal(await world.accounts.isRevoked(person.device), true);
      assert.equal(await world.accounts.accountByName(person), undefined);
      const { username, accountKey } = person;
      const stored = { username, accountKey, devices: deletion.next.devices };
      assert.deepEqual(await world.accounts.accountsByKey({ accountKeys: [accountKey] }), [stored]);
      assert.equal((await world.accounts.sessions(other)).length, 1);
    },
  ),

  does("deleteAccount", "leaves the stored list in force where none is given", async (world) => {
    const person = await world.person();
    const { next: _none, ...deletion } = deletionOf(world, person);
    await world.accounts.deleteAccount(deletion);
    const [stored] = await world.accounts.accountsByKey({ accountKeys: [person.accountKey] });
    assert.deepEqual(stored.devices, person.devices);
    assert.equal((await world.accounts.opaqueRecord(person))?.active, false);
  }),

  refuses("deleteAccount", ErrorCode.forbidden, "for a session that is too old or unknown", async (world) => {
    const person = await world.person();
    const deletion = deletionOf(world, person);
    await refused(
      ErrorCode.forbidden,
      world.accounts.deleteAccount({ ...deletion, freshSinceMs: world.clock.nowMs + 1 }),
      world.accounts.deleteAccount({ ...deletion, sessionId: random(16) }),
    );
    assert.equal((await world.accounts.opaqueRecord(person))?.active, true);
  }),

  refuses(
    "deleteAccount",
    ErrorCode.epochConflict,
    "when the list has another version, without trace",
    async (world) => {
      const person = await world.person();
      await refused(ErrorCode.epochConflict, world.accounts.deleteAccount(deletionOf(world, person, 2)));
      assert.equal((await world.accounts.opaqueRecord(person))?.active, true);
      assert.equal((await world.accounts.sessions(person)).length, 1);
    },
  ),

  repeats("deleteAccount", "is E003, because its session is gone", async (world) => {
    const person = await world.person();
    const deletion = deletionOf(world, person);
    await world.accounts.deleteAccount(deletion);
    await refused(ErrorCode.forbidden, world.accounts.deleteAccount(deletion));
  }),

  races("deleteAccount", "takes one of two at once", async (world) => {
    const person = await world.person();
    const outcomes = [1, 2].map(() => outcome(world.accounts.deleteAccount(deletionOf(world, person))));
    assert.deepEqual((await Promise.all(outcomes)).sort(), ["E003", "ok"]);
  }),

  does(
    "isOfDeletedAccount",
    "names devices of deleted accounts, whoever deleted them, and no others",
    async (world) => {
      const people = [await world.person(), await world.person(), await world.person(), await world.person()];
      const [own, byOperator, disabled, live] = people;
      await world.accounts.deleteAccount(deletionOf(world, own));
      await world.operator.changeAccount({ username: byOperator.username, change: "delete" });
      await world.operator.changeAccount({ username: disabled.username, change: "disable" });
      const ask = ({ device: { deviceId } }: Pick<Person, "device">) => world.accounts.isOfDeletedAccount({ deviceId });
      assert.deepEqual(await Promise.all([own, byOperator, disabled, live].map(ask)), [true, true, false, false]);
      assert.equal(await world.accounts.isOfDeletedAccount({ deviceId: random(16) }), false);
    },
  ),
];
