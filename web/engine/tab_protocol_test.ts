/** Tabs of two builds beside each other, as after an update. */

import assert from "node:assert/strict";
import type { EngineEvent } from "../../client/api/engine_api.ts";
import { aWhile, type Profile, testProfile } from "../testing/fake_tabs.ts";
import { until } from "../../schema/testing/until.ts";
import { engineThrough } from "./engine_methods.ts";
import { offerAgainMs, offerMs } from "./hand_over.ts";
import { engineVersion, lockName, type TabMessage } from "./tab_protocol.ts";
import { settledMs } from "./visibility.ts";

testProfile("a tab of an older build that queues for the lock is not let in by a hand-over", async (profile) => {
  const [first, second] = await profile.tabs({}, {});
  // It queues from its start, visible or not.
  let olderLeads = false;
  void profile.locks().request(lockName, {}, () => (olderLeads = true, new Promise(() => {})));
  first.seat.setVisible(false);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.said.some(({ kind }) => kind === "not-taking-over"));
  await first.seat.call("connection", []);
  await second.seat.call("connection", []);
  await aWhile();
  assert.equal(profile.offers, 1, "the tab is left alone for a while");
  profile.pass(offerAgainMs);
  await until(() => profile.offers === 2);
  await second.seat.call("connection", []);
  await aWhile();
  const { pending } = await second.locks.query();
  assert.equal(pending!.filter(({ name }) => name === lockName).length, 1, "only the older tab queues");
  assert.equal(olderLeads, false);
  assert.equal(profile.opened, 1);
});

testProfile("a call of an older build that comes in the middle of an offer is answered after it", async (profile) => {
  const [first, second] = await profile.tabs({}, {});
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await second.seat.call("connection", []);
  second.die();
  first.seat.setVisible(false);
  profile.pass(settledMs);
  await until(() => profile.offers === 1);
  const older = profile.channel();
  const heard: TabMessage[] = [];
  older.onmessage = ({ data }) => heard.push(data);
  older.postMessage({ kind: "call", id: "1", method: "connection", args: [] });
  await aWhile();
  profile.pass(offerMs);
  // It does not ask again: the leader is the same.
  await until(() => heard.some((message) => message.kind === "answer" && message.id === "1"));
});

testProfile(
  "a follower of an older build is never offered the lead, and unknown messages do nothing",
  async (profile) => {
    const [first, second] = await profile.tabs({}, {});
    first.seat.setVisible(false);
    profile.pass(settledMs);
    const older = profile.channel();
    const heard: TabMessage[] = [];
    older.onmessage = ({ data }) => heard.push(data);
    older.postMessage({ kind: "who-leads" });
    for (const kind of ["taking-over", "not-taking-over", "hand-over", "visible", "from-the-future"]) {
      older.postMessage({ kind, leader: "nobody", to: "nobody", tab: "nobody" });
    }
    older.postMessage({ kind: "call", id: "1", method: "not a method", args: [] });
    older.postMessage({ kind: "call", id: "2", method: "connection", args: [] });
    await until(() => heard.some((message) => message.kind === "answer" && message.id === "2"));
    await aWhile();
    assert.equal(profile.offers, 0);
    await first.seat.call("connection", []);
    await second.seat.call("connection", []);
    assert.equal(profile.opened, 1);
  },
);

/** A leader of the build before version numbers: it holds one lock, and answers what its build knows. */
function oldLeader(profile: Profile) {
  const channel = profile.channel();
  const locks = profile.locks();
  void locks.request(lockName, {}, () => new Promise(() => {}));
  const [unknown, called]: [string[], string[]] = [[], []];
  channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
    if (data.kind === "who-leads") channel.postMessage({ kind: "leading", leader: "older" });
    else if (data.kind === "call") called.push(data.method);
    else unknown.push(data.kind);
  };
  const close = () => {
    channel.onmessage = null;
    locks.die();
  };
  return { channel, unknown, called, close };
}

const otherVersion = (events: EngineEvent[]) =>
  events.filter((event) => event.kind === "problem" && event.problem.code === "L034").length;

testProfile("PEOPLE B0: a tab asks an older engine nothing, says so, and leads when that is gone", async (profile) => {
  const older = oldLeader(profile);
  const tab = profile.tab({ findPeople: () => Promise.resolve(["new"]) });
  tab.seat.setVisible(true);
  profile.pass(settledMs);
  const finding = tab.seat.call("findPeople", ["al"]);
  older.channel.postMessage({ kind: "event", event: { kind: "chats", chats: [] } });
  await until(() => otherVersion(tab.events) === 1);
  await aWhile();
  assert.deepEqual([profile.opened, older.called, older.unknown], [0, [], []]);
  assert.deepEqual(tab.events.map(({ kind }) => kind), ["problem"], "it is told once, and nothing of the engine's");
  older.close();
  assert.deepEqual(await finding, ["new"]);
  assert.equal(profile.opened, 1);
});

testProfile("PEOPLE B0: an older engine makes way for a newer tab once no call runs", async (profile) => {
  const running = Promise.withResolvers<void>();
  const older = profile.tab({ send: () => running.promise }, { version: 2 });
  await older.seat.call("connection", []);
  const sending = older.seat.call("send", ["chat", "id", "text"]);
  await until(() => profile.asked.includes("send"));
  const newer = profile.tab({ findPeople: () => Promise.resolve(["new"]) }, { version: 3 });
  const finding = newer.seat.call("findPeople", ["al"]);
  await until(() => profile.said.some((message) => message.kind === "who-leads" && message.version === 3));
  await aWhile();
  assert.equal(profile.opened, 1, "the call is answered first");
  running.resolve();
  await sending;
  assert.deepEqual(await finding, ["new"]);
  assert.deepEqual(profile.log, ["open 1", "close 1", "open 2"]);
  await until(() => otherVersion(older.events) === 1);
  newer.die();
  await aWhile();
  assert.equal(profile.opened, 2, "the older tab does not lead any more");
});

testProfile("PEOPLE B0: an older tab asks a newer engine nothing, and neither is offered the lead", async (profile) => {
  const newer = profile.tab({}, { version: 3 });
  await newer.seat.call("connection", []);
  const older = profile.tab({}, { version: 2 });
  older.seat.setVisible(true);
  newer.seat.setVisible(false);
  profile.pass(settledMs);
  void older.seat.call("findPeople", ["al"]);
  await until(() => otherVersion(older.events) === 1);
  await aWhile();
  assert.deepEqual([profile.opened, profile.offers, profile.asked.includes("findPeople")], [1, 0, false]);
});

testProfile("PEOPLE B0: tabs that reload for a new version one after the other are told nothing", async (profile) => {
  const older = profile.tab({}, { version: 2 });
  await older.seat.call("connection", []);
  const newer = profile.tab({ findPeople: () => Promise.resolve(["new"]) }, { version: 3, heartbeatMs: 2000 });
  assert.deepEqual(await newer.seat.call("findPeople", ["al"]), ["new"]);
  assert.equal(otherVersion(newer.events), 0);
});

Deno.test("PEOPLE B0: engineVersion is the version of these methods; whoever changes them raises it", () => {
  // Within one release the list is enough: no build with the number and another list was ever given out.
  const methods = Object.keys(engineThrough(() => Promise.resolve()));
  assert.deepEqual([engineVersion, methods.length, methods.includes("deleteAccount")], [5, 80, true]);
});
