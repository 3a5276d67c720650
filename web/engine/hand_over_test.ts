import assert from "node:assert/strict";
import type { EngineApi } from "../../client/api/engine_api.ts";
import { aWhile, testProfile } from "../testing/fake_tabs.ts";
import { until } from "../../schema/testing/until.ts";
import { lockName } from "./tab_protocol.ts";
import { settledMs } from "./visibility.ts";

/** An answer that the test gives. */
function held<T>(): { answer: () => Promise<T>; asked: () => boolean; give: (value: T) => void } {
  const gate = Promise.withResolvers<T>();
  let isAsked = false;
  return { answer: () => (isAsked = true, gate.promise), asked: () => isAsked, give: gate.resolve };
}

testProfile("a hidden leader hands over to a visible follower, and follows it", async (profile) => {
  const [first, second] = await profile.tabs({}, { findPeople: (text) => Promise.resolve([`${text}2`]) });
  first.seat.setVisible(false);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.opened === 2);
  assert.deepEqual(profile.log, ["open 1", "close 1", "open 2"]);
  assert.deepEqual(await first.seat.call("findPeople", ["al"]), ["al2"]);
  assert.deepEqual(await second.seat.call("findPeople", ["bo"]), ["bo2"]);
});

testProfile("a follower says at joining that it is visible, to each leader", async (profile) => {
  const [first] = await profile.tabs({});
  first.seat.setVisible(false);
  profile.pass(settledMs);
  const second = profile.tab({});
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.opened === 2);
  // Both have told the leader before how they stand; the new one hears it, too.
  first.seat.setVisible(true);
  second.seat.setVisible(false);
  profile.pass(settledMs);
  await until(() => profile.opened === 3);
  assert.deepEqual(profile.log, ["open 1", "close 1", "open 2", "close 2", "open 1"]);
});

testProfile("a call that runs is answered before the leader hands over, and done once", async (profile) => {
  const ofFirst = held<void>();
  const ofSecond = held<string>();
  const again: string[] = [];
  const next: Partial<EngineApi> = {
    send: () => Promise.resolve(void again.push("send")),
    startChat: () => Promise.resolve((again.push("startChat"), "other")),
  };
  const [first, second] = await profile.tabs({ send: ofFirst.answer, startChat: ofSecond.answer }, next);
  const sending = first.seat.call("send", ["chat", "id", "text"]);
  const starting = second.seat.call("startChat", [["bo"]]);
  await until(() => ofFirst.asked() && ofSecond.asked());
  first.seat.setVisible(false);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await aWhile();
  ofFirst.give();
  await sending;
  await aWhile();
  assert.equal(profile.offers, 0);
  ofSecond.give("chat");
  assert.equal(await starting, "chat");
  await until(() => profile.opened === 2);
  await aWhile();
  assert.deepEqual(again, []);
});

testProfile("calls of every tab during a hand-over are done once, by the new leader", async (profile) => {
  const closing = Promise.withResolvers<void>();
  const first = profile.tab({}, { close: () => closing.promise });
  await first.seat.call("connection", []);
  const done: string[] = [];
  const [second, third] = await profile.tabs({
    send: (_chat, id) => Promise.resolve(void done.push(id)),
    startChat: ([name]) => Promise.resolve((done.push(name), name)),
  }, {});
  first.seat.setVisible(false);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.said.some(({ kind }) => kind === "taking-over"));
  const everyone = [first, second, third];
  const calls = everyone.flatMap(({ seat }, number) => [
    seat.call("send", ["chat", `message ${number}`, "text"]),
    seat.call("startChat", [[`chat ${number}`]]),
  ]);
  await aWhile();
  assert.deepEqual(done, []);
  closing.resolve();
  await Promise.all(calls);
  await aWhile();
  assert.deepEqual(done.sort(), ["chat 0", "chat 1", "chat 2", "message 0", "message 1", "message 2"]);
});

testProfile("a hidden tab that has waited for longer does not get the lead, nor has to move", async (profile) => {
  const [first, second, third] = await profile.tabs({}, {}, {});
  first.seat.setVisible(false);
  second.seat.setVisible(false);
  profile.pass(settledMs);
  // What a frozen tab waits for can not be taken back.
  second.freeze();
  third.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.opened === 2);
  await third.seat.call("connection", []);
  await aWhile();
  assert.deepEqual(profile.log, ["open 1", "close 1", "open 3"]);
  const { pending } = await third.locks.query();
  assert.ok(!pending!.some(({ name }) => name === lockName), "the leader before does not queue for the lock");
  third.die();
  await until(() => profile.opened === 3);
});

testProfile("two visible tabs never hand over", async (profile) => {
  const [first, second] = await profile.tabs({}, {});
  first.seat.setVisible(true);
  second.seat.setVisible(true);
  profile.pass(60 * settledMs);
  await aWhile();
  assert.equal(profile.offers, 0);
});

testProfile("tabs that are visible or hidden for less than a second do not count", async (profile) => {
  assert.equal(settledMs, 1000);
  const [first, second] = await profile.tabs({}, {});
  // The leader is hidden, the follower is visible for 999 ms at a time.
  first.seat.setVisible(false);
  profile.pass(settledMs);
  for (let round = 0; round < 3; round++) {
    second.seat.setVisible(true);
    profile.pass(settledMs - 1);
    await aWhile();
    second.seat.setVisible(false);
    profile.pass(settledMs);
    await aWhile();
  }
  // The follower is visible, the leader is hidden for 999 ms at a time.
  first.seat.setVisible(true);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  for (let round = 0; round < 3; round++) {
    first.seat.setVisible(false);
    profile.pass(settledMs - 1);
    await aWhile();
    first.seat.setVisible(true);
    profile.pass(settledMs);
    await aWhile();
  }
  // The follower was visible for long, and is not any more.
  second.seat.setVisible(false);
  await second.seat.call("connection", []);
  first.seat.setVisible(false);
  profile.pass(settledMs);
  await aWhile();
  assert.equal(profile.offers, 0);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.opened === 2);
});

testProfile("what matters for a hand-over is told at once, not with the next heartbeat", async (profile) => {
  const never = { heartbeatMs: 600_000 };
  const running = held<void>();
  const first = profile.tab({ send: running.answer }, never);
  await first.seat.call("connection", []);
  const second = profile.tab({}, never);
  await second.seat.call("connection", []);
  second.seat.setVisible(true);
  first.seat.setVisible(false);
  const sending = second.seat.call("send", ["chat", "id", "text"]);
  await until(running.asked);
  profile.pass(settledMs);
  await aWhile();
  running.give();
  await sending;
  await until(() => profile.log.at(-1) === "open 2");
});

testProfile("a visible tab is there at once for a hidden one that has just begun to lead", async (profile) => {
  const never = { heartbeatMs: 600_000 };
  const all = [profile.tab({}, never), profile.tab({}, never), profile.tab({}, never)];
  const [first, second, third] = all;
  for (const { seat } of all) await seat.call("connection", []);
  first.seat.setVisible(true);
  second.seat.setVisible(false);
  third.seat.setVisible(true);
  profile.pass(settledMs);
  first.die();
  // The second one has waited for longer.
  await until(() => profile.log.at(-1) === "open 3");
  assert.deepEqual(profile.log, ["open 1", "open 2", "close 2", "open 3"]);
});

testProfile("a hand-over completes when the leader becomes visible in the middle of it", async (profile) => {
  const closing = Promise.withResolvers<void>();
  const first = profile.tab({}, { close: () => closing.promise });
  await first.seat.call("connection", []);
  const [second] = await profile.tabs({});
  first.seat.setVisible(false);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.said.some(({ kind }) => kind === "taking-over"));
  first.seat.setVisible(true);
  second.seat.setVisible(false);
  closing.resolve();
  await until(() => profile.opened === 2);
  await first.seat.call("connection", []);
  assert.deepEqual(profile.log, ["open 1", "close 1", "open 2"]);
});

testProfile("nothing is handed over before somebody is signed in, and the recovery code arrives", async (profile) => {
  let isIn = false;
  const creating = held<{ recoveryCode: string }>();
  const [first, second] = await profile.tabs({
    account: () =>
      Promise.resolve(
        isIn ? { kind: "signed-in", username: "al", accountKey: "", deviceId: "" } : { kind: "signed-out" },
      ),
    createAccount: creating.answer,
  }, {});
  first.seat.setVisible(false);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await aWhile();
  assert.equal(profile.offers, 0, "somebody may be typing a name and a password");
  const created = second.seat.call("createAccount", ["al", "password"]);
  await until(creating.asked);
  isIn = true;
  await aWhile();
  assert.equal(profile.offers, 0, "the code is not there yet");
  creating.give({ recoveryCode: "code" });
  assert.deepEqual(await created, { recoveryCode: "code" });
  await until(() => profile.opened === 2);
  assert.equal(profile.asked.filter((method) => method === "createAccount").length, 1);
  assert.ok(!profile.asked.includes("signIn"));
});

testProfile("a new leader has every chat read again, and ends the progress of the one before", async (profile) => {
  const chats = [{ chatId: "c1" }, { chatId: "c2" }] as unknown as Awaited<ReturnType<EngineApi["chats"]>>;
  const [first, second] = await profile.tabs({}, {
    chats: () => Promise.resolve(chats),
    awaitedChats: () => Promise.resolve(0),
  });
  first.emit({ kind: "progress", progress: { task: "catching-up", done: 1, total: 9 } });
  first.seat.setVisible(false);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.opened === 2);
  for (const { events } of [first, second]) {
    const reread = () => events.flatMap((event) => event.kind === "reread" ? [event.chatId] : []);
    await until(() => reread().length === 2);
    assert.deepEqual(reread(), ["c1", "c2"]);
    assert.deepEqual(events.findLast(({ kind }) => kind === "progress"), { kind: "progress", progress: undefined });
  }
});
