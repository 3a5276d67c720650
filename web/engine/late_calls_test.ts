import assert from "node:assert/strict";
import type { EngineEvent } from "../../client/api/engine_api.ts";
import { EngineError } from "../../client/api/errors.ts";
import type { EngineMethod } from "./engine_methods.ts";
import { lateCalls } from "./late_calls.ts";

const account = { kind: "signed-in", username: "mara", deviceId: "00", accountKey: "11" };

function engine(answers: Partial<Record<EngineMethod, unknown>> = {}) {
  const calls: string[] = [];
  const events: EngineEvent[] = [];
  let starts = 0;
  const start = () => {
    starts++;
    return (method: EngineMethod) => {
      calls.push(method);
      const answer = { account, connection: { kind: "connected" }, chats: [], awaitedChats: 2, ...answers }[method];
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    };
  };
  return { calls, events, start, tell: (event: EngineEvent) => void events.push(event), starts: () => starts };
}
const settled = () => new Promise((done) => setTimeout(done));

Deno.test("CONVERSATIONS: without a device the first screen starts no engine", async () => {
  const made = engine();
  const { call } = lateCalls(Promise.resolve(false), made.start, made.tell);
  assert.deepEqual(await call("account", []), { kind: "signed-out" });
  assert.deepEqual(await call("chats", []), []);
  assert.equal(await call("awaitedChats", []), 0);
  assert.equal(await call("wake", []), undefined);
  assert.equal(made.starts(), 0);
});

Deno.test("CONVERSATIONS: where the browser may hold a device the engine starts at once", async () => {
  const made = engine();
  const { call } = lateCalls(Promise.resolve(true), made.start, made.tell);
  await settled();
  assert.equal(made.starts(), 1);
  assert.deepEqual(await call("account", []), account);
  assert.deepEqual(made.events, [], "the page asks, so nothing needs to be told");
});

Deno.test("CONVERSATIONS: an engine that starts late is started once, and tells what it knows better", async () => {
  const made = engine();
  const { call, wake } = lateCalls(Promise.resolve(false), made.start, made.tell);
  await call("account", []);
  wake();
  wake();
  await call("signIn", ["mara", "password"]);
  await settled();
  assert.equal(made.starts(), 1);
  assert.deepEqual(made.events.map(({ kind }) => kind), ["account", "connection", "chats", "awaited"]);
  assert.deepEqual(made.events[0], { kind: "account", account });
  assert.equal(made.calls.at(-1), "signIn");
});

Deno.test("CONVERSATIONS: a call that needs the engine starts it without any other sign", async () => {
  const made = engine({ judgePassword: "weak" });
  const { call } = lateCalls(new Promise(() => {}), made.start, made.tell);
  assert.equal(await call("judgePassword", ["x", "y"]), "weak");
  assert.equal(made.starts(), 1);
});

Deno.test("CONVERSATIONS: an engine that starts late and can not open says why", async () => {
  const made = engine({ account: new EngineError({ code: "L005", detail: "no storage" }) });
  const { call, wake } = lateCalls(Promise.resolve(false), made.start, made.tell);
  await call("account", []);
  wake();
  await settled();
  assert.deepEqual(made.events, [{ kind: "problem", problem: { code: "L005", detail: "no storage" } }]);
});
