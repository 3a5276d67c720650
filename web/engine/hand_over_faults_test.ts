/** Hand-overs that do not go well: nothing is lost, nothing is done twice, and some tab leads. */

import assert from "node:assert/strict";
import { EngineError } from "../../client/api/errors.ts";
import { aWhile, testProfile } from "../testing/fake_tabs.ts";
import { until } from "../../schema/testing/until.ts";
import { offerMs } from "./hand_over.ts";
import { closeMs } from "./tab_engine.ts";
import { leaderLockName, lockName } from "./tab_protocol.ts";
import { settledMs } from "./visibility.ts";

testProfile("a leader goes on when the tab that it has asked is gone, and asks another one", async (profile) => {
  const done: string[] = [];
  const [first, second, third] = await profile.tabs(
    {
      send: (_chat, id) => Promise.resolve(void done.push(id)),
      startChat: ([name]) => Promise.resolve((done.push(name), name)),
    },
    {},
    {},
  );
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await second.seat.call("connection", []);
  second.die();
  first.seat.setVisible(false);
  profile.pass(settledMs);
  await until(() => profile.offers === 1);
  const calls = [
    first.seat.call("send", ["chat", "message 1", "text"]),
    third.seat.call("send", ["chat", "message 3", "text"]),
    third.seat.call("startChat", [["chat 3"]]),
  ];
  await aWhile();
  assert.deepEqual(done, []);
  profile.pass(offerMs);
  await Promise.all(calls);
  assert.deepEqual(done.sort(), ["chat 3", "message 1", "message 3"]);
  assert.equal(profile.opened, 1);
  third.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.opened === 2);
  assert.deepEqual(profile.log, ["open 1", "close 1", "open 3"]);
});

testProfile("a tab that is hidden again when the offer comes declines it, and the leader goes on", async (profile) => {
  const [first, second] = await profile.tabs({}, {});
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await second.seat.call("connection", []);
  first.seat.setVisible(false);
  profile.pass(settledMs);
  // The leader makes its offer before it can hear this.
  second.seat.setVisible(false);
  await until(() => profile.said.some(({ kind }) => kind === "not-taking-over"));
  await first.seat.call("connection", []);
  await second.seat.call("connection", []);
  assert.equal(profile.opened, 1);
});

testProfile("a tab that answers an offer too late does not queue for the lock any more", async (profile) => {
  const [first, second] = await profile.tabs({}, {});
  const looking = Promise.withResolvers<void>();
  const query = second.locks.query.bind(second.locks);
  second.locks.query = async () => (await looking.promise, await query());
  const queued = async () => (await query()).pending!.filter(({ name }) => name === lockName).length;
  first.seat.setVisible(false);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.offers === 1);
  while (await queued() === 0) await aWhile();
  profile.pass(offerMs);
  await second.seat.call("connection", []);
  looking.resolve();
  await until(() => profile.said.some(({ kind }) => kind === "taking-over"));
  await aWhile();
  assert.equal(await queued(), 0);
  assert.equal(profile.opened, 1);
});

testProfile("a leader that has handed over stands in nobody's way", async (profile) => {
  // A frozen tab that was told that nobody leads holds every leader's second lock back.
  void profile.locks().request(leaderLockName, { mode: "shared" }, () => new Promise(() => {}));
  const [first, second] = await profile.tabs({}, {});
  first.seat.setVisible(false);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.opened === 2);
  await second.seat.call("connection", []);
  second.die();
  await until(() => profile.opened === 3);
});

testProfile("an engine that does not close holds the hand-over up for 5 s at most", async (profile) => {
  const first = profile.tab({}, { close: () => new Promise(() => {}) });
  await first.seat.call("connection", []);
  const [second] = await profile.tabs({});
  first.seat.setVisible(false);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.said.some(({ kind }) => kind === "taking-over"));
  await aWhile();
  assert.equal(profile.opened, 1);
  assert.equal(closeMs, 5000);
  profile.pass(closeMs);
  await until(() => profile.opened === 2);
});

testProfile("a leader that dies in a hand-over leaves nothing undone", async (profile) => {
  const done: string[] = [];
  const first = profile.tab({}, { close: () => new Promise(() => {}) });
  await first.seat.call("connection", []);
  const [second] = await profile.tabs({ startChat: ([name]) => Promise.resolve((done.push(name), name)) });
  first.seat.setVisible(false);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.said.some(({ kind }) => kind === "taking-over"));
  const starting = second.seat.call("startChat", [["bo"]]);
  first.die();
  assert.equal(await starting, "bo");
  assert.deepEqual(done, ["bo"]);
});

testProfile("an engine that can not be opened is not handed over", async (profile) => {
  const first = profile.tab({}, { openFails: true });
  await assert.rejects(first.seat.call("account", []), EngineError);
  const second = profile.tab({});
  first.seat.setVisible(false);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await aWhile();
  assert.equal(profile.offers, 0);
  assert.equal((await first.locks.query()).pending!.filter(({ name }) => name === leaderLockName).length, 1);
});
