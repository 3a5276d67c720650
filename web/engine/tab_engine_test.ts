import assert from "node:assert/strict";
import { EngineError } from "../../client/api/errors.ts";
import { testProfile } from "../testing/fake_tabs.ts";
import { until } from "../../schema/testing/until.ts";
import { joinTabElection } from "./tab_engine.ts";
import type { TabChannel } from "./tab_protocol.ts";

testProfile("takeSeat() opens one engine for two tabs, and both are a full view of it", async (profile) => {
  const first = profile.tab({ findPeople: async (text) => [`${text}1`] });
  const second = profile.tab({});
  assert.deepEqual(await first.seat.call("findPeople", ["bo"]), ["bo1"]);
  assert.deepEqual(await second.seat.call("findPeople", ["al"]), ["al1"]);
  assert.equal(profile.opened, 1);
});

testProfile("events of the engine reach every tab", async (profile) => {
  const [first, second] = [profile.tab({}), profile.tab({})];
  await second.seat.call("account", []);
  first.emit({ kind: "problem", problem: { code: "L007", detail: "x" } });
  await until(() => second.events.some((event) => event.kind === "problem"));
  assert.ok(first.events.some((event) => event.kind === "problem"));
});

testProfile("an EngineError keeps its problem on the way through another tab", async (profile) => {
  profile.tab({ send: () => Promise.reject(new EngineError({ code: "E005", detail: "slow", retryAfterMs: 700 })) });
  const second = profile.tab({});
  await assert.rejects(
    second.seat.call("send", []),
    (error: EngineError) => error.problem.code === "E005" && error.problem.retryAfterMs === 700,
  );
});

testProfile("a follower takes over when the leader is gone, and asks again what had no answer", async (profile) => {
  const first = profile.tab({ send: () => new Promise<void>(() => {}) });
  const sent: unknown[] = [];
  const second = profile.tab({ send: async (...args) => void sent.push(args) });
  const sending = second.seat.call("send", ["chat", "id", "text"]);
  await until(() => profile.asked.includes("send"));
  first.die();
  await sending;
  assert.deepEqual(sent, [["chat", "id", "text"]]);
  assert.equal(profile.opened, 2);
});

testProfile("a third tab's call in flight is asked again of the new leader, once", async (profile) => {
  const first = profile.tab({ send: () => new Promise<void>(() => {}) });
  await first.seat.call("account", []);
  const sent: unknown[] = [];
  profile.tab({ send: async (...args) => void sent.push(args) });
  const third = profile.tab({});
  const sending = third.seat.call("send", ["chat", "id", "text"]);
  await until(() => profile.asked.includes("send"));
  first.die();
  await sending;
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.deepEqual(sent, [["chat", "id", "text"]]);
});

testProfile(
  "what must not be done twice is not asked again of a new leader: its outcome is unknown",
  async (profile) => {
    const first = profile.tab({
      changePassword: () => new Promise<void>(() => {}),
      startChat: () => new Promise<string>(() => {}),
    });
    await first.seat.call("account", []);
    const again: string[] = [];
    const answers = {
      changePassword: async () => void again.push("password"),
      startChat: async () => (again.push("chat"), "id"),
    };
    const second = profile.tab(answers);
    const third = profile.tab(answers);
    const unknown = (error: EngineError) => error.problem.code === "L015";
    // The second tab leads next, the third follows it.
    const ends = Promise.all([
      assert.rejects(second.seat.call("startChat", [["bo"]]), unknown),
      assert.rejects(third.seat.call("changePassword", ["old", "new"]), unknown),
    ]);
    await until(() => profile.asked.includes("startChat") && profile.asked.includes("changePassword"));
    first.die();
    await ends;
    assert.deepEqual(again, []);
    assert.equal(await third.seat.call("startChat", [["bo"]]), "id");
  },
);

testProfile("a frozen leader shows as connecting, and as what it is once the lock has passed", async (profile) => {
  const first = profile.tab({});
  const second = profile.tab({});
  await second.seat.call("account", []);
  first.freeze();
  await until(() =>
    second.events.some((event) => event.kind === "connection" && event.connection.kind === "connecting")
  );
  assert.equal(profile.opened, 1, "the lock is not stolen");
  first.die();
  await until(() =>
    second.events.at(-1)?.kind === "chats" &&
    second.events.some((event) => event.kind === "connection" && event.connection.kind === "connected")
  );
  assert.equal(profile.opened, 2);
});

testProfile("an engine that can not be opened answers every tab with the reason", async (profile) => {
  const first = profile.tab({}, { openFails: true });
  const second = profile.tab({});
  for (const { seat } of [first, second]) {
    await assert.rejects(seat.call("account", []), (error: EngineError) => error.problem.code === "L005");
  }
});

Deno.test("takeSeat() runs no engine without Web Locks, and says so", async () => {
  let opened = false;
  const channel: TabChannel = { postMessage() {}, addEventListener() {}, removeEventListener() {} };
  const seat = joinTabElection({
    locks: undefined,
    channel,
    emit() {},
    openEngine: () => (opened = true, Promise.reject(new Error("never"))),
  });
  await assert.rejects(seat.call("account", []), (error: EngineError) => error.problem.code === "L009");
  assert.equal(opened, false);
});
