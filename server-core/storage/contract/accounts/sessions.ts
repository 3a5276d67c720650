/** Behaviours of sessions: opening, finding, using and ending them. */

import assert from "node:assert/strict";
import { ErrorCode } from "../../../../schema/rpc/errors.ts";
import { random } from "../../../testing/seed.ts";
import type { AccountStore } from "../../account_store.ts";
import { type Behaviour, does, races, refuses, repeats } from "../behaviour.ts";
import { dayMs, newDevice, newSession, outcome, type Person, refused, type World } from "../world.ts";

/** docs/limits.md. */
const maxSessions = 100;

const open = (world: World, { accountKey, opaqueRecord }: Person, device = newDevice()) => {
  const session = newSession(world.clock.nowMs + 30 * dayMs);
  return world.accounts.openSession({ accountKey, opaqueRecord, device, session });
};

const idsOf = async (world: World, { accountKey }: Person) =>
  (await world.accounts.sessions({ accountKey })).map(({ sessionId }) => String(sessionId));

export const sessionBehaviours: Behaviour<keyof AccountStore>[] = [
  does("opaqueRecord", "gives nothing for an unknown name, and what a login needs for a known one", async (world) => {
    const { username, accountKey, opaqueRecord } = await world.person();
    assert.equal(await world.accounts.opaqueRecord({ username: `${username}x` }), undefined);
    assert.deepEqual(await world.accounts.opaqueRecord({ username }), { accountKey, opaqueRecord, active: true });
  }),

  does("opaqueRecord", "says that a disabled or deleted account is not active", async (world) => {
    const { username } = await world.person();
    const active = async () => (await world.accounts.opaqueRecord({ username }))?.active;
    for (const [change, expected] of [["disable", false], ["enable", true], ["delete", false]] as const) {
      await world.operator.changeAccount({ username, change });
      assert.equal(await active(), expected, change);
    }
  }),

  does("openSession", "opens a session of a listed device, durably, and gives the account", async (world) => {
    const person = await world.person();
    const { username, accountKey, opaqueRecord, devices, device } = person;
    world.clock.nowMs += 1000;
    const session = newSession(world.clock.nowMs + dayMs);
    const answer = await world.accounts.openSession({ accountKey, opaqueRecord, device, session });
    assert.deepEqual(answer, { account: { username, accountKey, devices }, enrolled: true, endedSessionIds: [] });
    await world.reopen();
    const found = await world.accounts.session({ tokenSha256: session.tokenSha256 });
    assert.deepEqual(found?.sessionId, session.sessionId);
    assert.equal((await world.accounts.sessions({ accountKey })).length, 2);
  }),

  does("openSession", "takes an unknown device as one that is not enrolled", async (world) => {
    const person = await world.person();
    const device = newDevice();
    assert.equal((await open(world, person, device)).enrolled, false);
    const { session } = await world.signIn(person, device);
    const found = await world.accounts.session({ tokenSha256: session.tokenSha256 });
    assert.deepEqual([found?.enrolled, found?.recipientKey], [false, device.recipientKey]);
    await world.list(person, 1, [person.device, device]);
    assert.equal((await open(world, person, device)).enrolled, true);
  }),

  does("openSession", "over 100 sessions of an account ends the one that was longest unused", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const sessions = [];
    for (let count = 1; count < maxSessions; count++) {
      world.clock.nowMs += 1;
      sessions.push((await world.signIn(person)).session);
    }
    world.clock.nowMs += 1;
    const { sessionId, expiresMs } = person.session;
    await world.accounts.touchSession({ sessionId, expiresMs });
    const { endedSessionIds } = await open(world, person);
    assert.deepEqual(endedSessionIds, [sessions[0].sessionId]);
    assert.equal((await idsOf(world, person)).length, maxSessions);
    assert.equal((await idsOf(world, other)).length, 1);
    assert.equal(await world.accounts.session({ tokenSha256: sessions[0].tokenSha256 }), undefined);
  }),

  refuses("openSession", ErrorCode.forbidden, "for a device that the account revoked", async (world) => {
    const person = await world.person();
    await world.revoke(person);
    await refused(ErrorCode.forbidden, open(world, person, person.device));
  }),

  refuses(
    "openSession",
    ErrorCode.loginFailed,
    "when the record has changed, and for a disabled or deleted account",
    async (world) => {
      const [changed, disabled, deleted] = [await world.person(), await world.person(), await world.person()];
      await world.operator.changeAccount({ username: disabled.username, change: "disable" });
      await world.operator.changeAccount({ username: deleted.username, change: "delete" });
      const calls = [{ ...changed, opaqueRecord: random(129) }, disabled, deleted];
      await refused(ErrorCode.loginFailed, ...calls.map((person) => open(world, person)));
    },
  ),

  refuses("openSession", ErrorCode.keyDoesNotMatchDevice, "for a device of another account", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    await refused(ErrorCode.keyDoesNotMatchDevice, open(world, person, other.device));
    assert.equal((await idsOf(world, other)).length, 1);
  }),

  repeats("openSession", "opens another session of the device beside the first", async (world) => {
    const person = await world.person();
    const device = newDevice();
    await open(world, person, device);
    await open(world, person, device);
    assert.equal((await idsOf(world, person)).length, 3);
  }),

  races("openSession", "opens both of two sessions of a new device at once", async (world) => {
    const person = await world.person();
    const device = newDevice();
    const answers = await Promise.all([open(world, person, device), open(world, person, device)]);
    assert.deepEqual(answers.map(({ enrolled }) => enrolled), [false, false]);
    assert.equal((await idsOf(world, person)).length, 3);
  }),

  races("openSession", "leaves no session of the old password when the password changes at once", async (world) => {
    const person = await world.person();
    const { accountKey, vault, session: { sessionId } } = person;
    const change = world.accounts.changePassword({
      accountKey,
      opaqueRecord: random(129),
      expectedVersion: 1,
      vault: { ...vault, version: 2 },
      keptSessionId: sessionId,
      freshSinceMs: 0,
    });
    const logins = [1, 2, 3].map(() => outcome(open(world, person)));
    await change;
    assert.ok((await Promise.all(logins)).every((answer) => ["ok", "E008"].includes(answer)));
    assert.deepEqual(await idsOf(world, person), [String(sessionId)]);
  }),

  does("session", "finds a session by its token's hash, also after its time, and no other", async (world) => {
    const { session } = await world.person();
    world.clock.nowMs = session.expiresMs + 1;
    const { tokenSha256 } = session;
    assert.deepEqual((await world.accounts.session({ tokenSha256 }))?.sessionId, session.sessionId);
    assert.equal(await world.accounts.session({ tokenSha256: random(32) }), undefined);
  }),

  does("isRevoked", "is true for devices that an account's list revoked, and no others", async (world) => {
    const person = await world.person();
    const { device: second } = await world.signIn(person);
    const ask = ({ deviceId }: typeof second) => world.accounts.isRevoked({ deviceId });
    assert.deepEqual([await ask(person.device), await ask(second), await ask(newDevice())], [false, false, false]);
    await world.list(person, 1, [person.device], [second]);
    assert.deepEqual([await ask(person.device), await ask(second)], [false, true]);
  }),

  does("touchSession", "sets the last use to now, and the end as it is told, durably", async (world) => {
    const { session: { sessionId, tokenSha256, expiresMs } } = await world.person();
    world.clock.nowMs += dayMs;
    await world.accounts.touchSession({ sessionId, expiresMs: expiresMs + dayMs });
    await world.reopen();
    const found = await world.accounts.session({ tokenSha256 });
    assert.deepEqual([found?.lastUsedMs, found?.expiresMs], [world.clock.nowMs, expiresMs + dayMs]);
  }),

  repeats("touchSession", "changes nothing more, and nothing for a session that is no more", async (world) => {
    const person = await world.person();
    const { accountKey, session: { sessionId, expiresMs } } = person;
    const touch = () => world.accounts.touchSession({ sessionId, expiresMs });
    await touch();
    const before = await world.accounts.sessions({ accountKey });
    await touch();
    assert.deepEqual(await world.accounts.sessions({ accountKey }), before);
    await world.accounts.endSession({ accountKey, sessionId });
    await touch();
    assert.deepEqual(await world.accounts.sessions({ accountKey }), []);
  }),

  races("touchSession", "never brings back a session that ends at once", async (world) => {
    const { accountKey, session: { sessionId, expiresMs } } = await world.person();
    const touch = () => world.accounts.touchSession({ sessionId, expiresMs });
    await Promise.all([touch(), world.accounts.endSession({ accountKey, sessionId }), touch()]);
    assert.deepEqual(await world.accounts.sessions({ accountKey }), []);
  }),

  does("sessions", "gives the account's live sessions, the newest first", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    world.clock.nowMs += 1000;
    const { session, device } = await world.signIn(person, newDevice(), newSession(world.clock.nowMs + dayMs));
    const { deviceId } = device;
    const { sessionId, expiresMs } = session;
    const times = { createdMs: world.clock.nowMs, lastUsedMs: world.clock.nowMs, expiresMs };
    const [newest, oldest, ...more] = await world.accounts.sessions(person);
    assert.deepEqual(newest, { sessionId, deviceId, ...times });
    assert.deepEqual([oldest.sessionId, more], [person.session.sessionId, []]);
    assert.equal((await idsOf(world, other)).length, 1);
    world.clock.nowMs += dayMs;
    assert.deepEqual(await idsOf(world, person), [String(person.session.sessionId)]);
  }),

  does("endSession", "ends one session of the account, durably", async (world) => {
    const person = await world.person();
    const { session: { sessionId, tokenSha256 } } = await world.signIn(person);
    await world.accounts.endSession({ accountKey: person.accountKey, sessionId });
    await world.reopen();
    assert.equal(await world.accounts.session({ tokenSha256 }), undefined);
    assert.equal((await idsOf(world, person)).length, 1);
  }),

  refuses(
    "endSession",
    ErrorCode.unknownRecipient,
    "for an unknown session and one of another account",
    async (world) => {
      const [person, other] = [await world.person(), await world.person()];
      const end = (sessionId: typeof other.accountKey) =>
        world.accounts.endSession({ accountKey: person.accountKey, sessionId });
      await refused(ErrorCode.unknownRecipient, end(random(16)), end(other.session.sessionId));
      assert.equal((await idsOf(world, other)).length, 1);
    },
  ),

  repeats("endSession", "is E012 for a session that has ended", async (world) => {
    const { accountKey, session: { sessionId } } = await world.person();
    await world.accounts.endSession({ accountKey, sessionId });
    await refused(ErrorCode.unknownRecipient, world.accounts.endSession({ accountKey, sessionId }));
  }),

  races("endSession", "tells exactly one of two calls at once that it ended the session", async (world) => {
    const { accountKey, session: { sessionId } } = await world.person();
    const end = () => outcome(world.accounts.endSession({ accountKey, sessionId }));
    assert.deepEqual((await Promise.all([end(), end()])).sort(), ["E012", "ok"]);
  }),

  does("endedSessions", "gives those of the sessions that are no more, expired ones not among them", async (world) => {
    const [person, other] = [await world.person(), await world.person()];
    const ids = [person.session.sessionId, random(16), other.session.sessionId];
    assert.deepEqual(await world.accounts.endedSessions({ sessionIds: ids }), [ids[1]]);
    await world.accounts.endSession({ accountKey: person.accountKey, sessionId: ids[0] });
    world.clock.nowMs += 31 * dayMs;
    assert.deepEqual(await world.accounts.endedSessions({ sessionIds: ids }), [ids[0], ids[1]]);
    assert.deepEqual(await world.accounts.endedSessions({ sessionIds: [] }), []);
  }),

  does("revision", "differs once another process has ended a session or changed an account", async (world) => {
    const { username, session: { sessionId } } = await world.person();
    const seen = new Set([await world.accounts.revision()]);
    const changes = [
      () => world.operator.endSessions({ sessions: { sessionId } }),
      () => world.operator.changeAccount({ username, change: "disable" }),
      () => world.operator.changeAccount({ username, change: "enable" }),
      () => world.operator.changeAccount({ username, change: "delete" }),
    ];
    for (const change of changes) {
      await change();
      const revision = await world.accounts.revision();
      assert.ok(!seen.has(revision), "as none before");
      seen.add(revision);
      assert.equal(await world.accounts.revision(), revision);
    }
  }),

  does("revision", "stays as it is while this store alone reads and writes", async (world) => {
    const before = await world.accounts.revision();
    const person = await world.person();
    await world.accounts.endSession({ accountKey: person.accountKey, sessionId: person.session.sessionId });
    await world.operator.accounts();
    assert.equal(await world.accounts.revision(), before);
  }),
];
