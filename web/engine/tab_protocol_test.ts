/** Tabs of two builds beside each other, as after an update. */

import assert from "node:assert/strict";
import { aWhile, testProfile, until } from "../testing/fake_tabs.ts";
import { offerAgainMs, offerMs } from "./hand_over.ts";
import { lockName, type TabMessage } from "./tab_protocol.ts";
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

testProfile("a tab follows a leader of an older build, and leads when that is gone", async (profile) => {
  // It holds one lock only, and answers what its build knows.
  const older = profile.channel();
  const locks = profile.locks();
  void locks.request(lockName, {}, () => new Promise(() => {}));
  const unknown: string[] = [];
  older.onmessage = ({ data }: MessageEvent<TabMessage>) => {
    if (data.kind === "who-leads") older.postMessage({ kind: "leading", leader: "older" });
    else if (data.kind === "call") older.postMessage({ kind: "answer", id: data.id, result: ["older"] });
    else unknown.push(data.kind);
  };
  const tab = profile.tab({ findPeople: () => Promise.resolve(["new"]) });
  tab.seat.setVisible(true);
  profile.pass(settledMs);
  assert.deepEqual(await tab.seat.call("findPeople", ["al"]), ["older"]);
  await aWhile();
  assert.equal(profile.opened, 0);
  assert.deepEqual(unknown, []);
  older.onmessage = null;
  locks.die();
  assert.deepEqual(await tab.seat.call("findPeople", ["al"]), ["new"]);
  assert.equal(profile.opened, 1);
});
