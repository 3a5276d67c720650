import assert from "node:assert/strict";
import { WireError } from "../schema/rpc/errors.ts";
import { noAuth } from "../schema/rpc/calls_and_returns.ts";
import { delivery } from "../schema/rpc/methods.ts";
import { Handlers } from "../schema/rpc/server.ts";
import { RpcClient } from "../schema/rpc/client.ts";
import { accountBurstSeconds, addressBurstSeconds, CallLimits, streamsAtOnce } from "./call_limits.ts";
import type { Caller } from "./caller.ts";
import { Calls } from "./calls.ts";
import { makeLog } from "../server-common/log.ts";
import { Metrics } from "./metrics.ts";
import { streamPair } from "./testing/delivery_service.ts";
import { until } from "../schema/testing/until.ts";

const account = (name: number) => new Uint8Array(32).fill(name);

/** Calls `health` from an address, and as an account if given. */
function rig({ perAddress = 1000, perAccount = 1000 } = {}) {
  const clock = { nowMs: 1_800_000_000_000 };
  const lines: string[] = [];
  const limits = new CallLimits({
    perAddressPerSecond: perAddress,
    perAccountPerSecond: perAccount,
    clock: () => clock.nowMs,
  });
  const handlers = new Handlers<Caller>().unary(
    delivery.health,
    () =>
      Promise.resolve({ serverTimeMs: 1, wireVersion: 1, draining: false, build: "", restoredMs: 0, restoredToMs: 0 }),
  )
    .unary(delivery.channelState, () => Promise.reject(new Error("the disk is on fire")));
  let asked = 0;
  const calls = new Calls({
    handlers,
    limits,
    log: makeLog("debug", (line) => lines.push(line)),
    metrics: new Metrics(),
    authorize: (_method, { deviceId }, remoteAddress) => {
      asked++;
      return Promise.resolve(
        deviceId.length === 0
          ? { kind: "anyone", remoteAddress }
          : { kind: "device", remoteAddress, accountKey: account(deviceId[0]) },
      );
    },
  });
  const client = (remoteAddress: string, name?: number) =>
    new RpcClient(() => {
      const [ours, theirs] = streamPair();
      void calls.serve(theirs, { remoteAddress, signal: new AbortController().signal, callRead: () => {} });
      return Promise.resolve(ours);
    }, () =>
      name === undefined
        ? noAuth
        : { version: 1, accessToken: new Uint8Array(32), deviceId: new Uint8Array(16).fill(name) });
  const call = async (remoteAddress: string, name?: number): Promise<WireError | "ok"> =>
    await client(remoteAddress, name).call(delivery.health, {}).then(
      () => "ok" as const,
      (error) => error as WireError,
    );
  return { clock, call, client, lines, limits, asked: () => asked };
}

Deno.test("an address over its calls a second is answered E005 with a sufficient wait", async () => {
  const { clock, call, asked } = rig({ perAddress: 2 });
  for (let count = 0; count < 2 * addressBurstSeconds; count++) assert.equal(await call("203.0.113.1"), "ok");
  const before = asked();
  const refused = await call("203.0.113.1", 7) as WireError;
  assert.deepEqual([refused.code, refused.retryAfterMs], [5, 500]);
  assert.equal(asked(), before);
  assert.equal(await call("203.0.113.2"), "ok");
  assert.equal(await call("2001:db8::1"), "ok");
  clock.nowMs += refused.retryAfterMs;
  assert.equal(await call("203.0.113.1"), "ok");
  assert.equal((await call("203.0.113.1") as WireError).code, 5);
});

Deno.test("an account over its calls a second is answered E005, from any address", async () => {
  const { clock, call } = rig({ perAccount: 1 });
  for (let count = 0; count < accountBurstSeconds; count++) assert.equal(await call(`203.0.113.${count}`, 1), "ok");
  const refused = await call("203.0.113.99", 1) as WireError;
  assert.deepEqual([refused.code, refused.retryAfterMs], [5, 1000]);
  assert.equal(await call("203.0.113.99", 2), "ok", "another account");
  assert.equal(await call("203.0.113.99"), "ok", "a call without an account");
  clock.nowMs += 1000;
  assert.equal(await call("203.0.113.99", 1), "ok");
});

Deno.test("PEOPLE B0: a call with several messages counts as so many, at its address and its account", async () => {
  const { clock, call, limits } = rig({ perAccount: 1, perAddress: 2 });
  const caller = { remoteAddress: "203.0.113.1", accountKey: account(1) };
  assert.equal(await call(caller.remoteAddress, 1), "ok");
  limits.count(caller, 15);
  const byAddress = await call(caller.remoteAddress) as WireError;
  const byAccount = await call("203.0.113.2", 1) as WireError;
  assert.deepEqual([byAddress, byAccount].map(({ code, retryAfterMs }) => [code, retryAfterMs]), [[5, 3_500], [
    5,
    7_000,
  ]]);
  clock.nowMs += byAccount.retryAfterMs;
  assert.equal(await call(caller.remoteAddress, 1), "ok");
});

Deno.test("PEOPLE B0: calls with several messages at once pass no limit, and hold others up for a moment", async () => {
  const { call, limits } = rig({ perAddress: 2 });
  const caller = (name: number) => ({ remoteAddress: "203.0.113.1", accountKey: account(name) });
  // All were taken before the first was counted.
  for (let calls = 0; calls < 10; calls++) assert.equal(await call("203.0.113.1", 1), "ok");
  limits.count(caller(1), 15);
  for (let calls = 1; calls < 10; calls++) {
    assert.throws(() => limits.count(caller(1), 15), (error: WireError) => error.code === 5 && error.retryAfterMs > 0);
  }
  const { retryAfterMs } = await call("203.0.113.1", 2) as WireError;
  assert.equal(retryAfterMs, 8_000, "15 are owed, and one is wanted");
});

Deno.test("CallLimits.stream() accepts some streams of an address at once, others at twice the rate", () => {
  const { clock, limits } = rig({ perAddress: 10 });
  for (let count = 0; count < streamsAtOnce; count++) assert.equal(limits.stream("203.0.113.1"), 0);
  assert.equal(limits.stream("203.0.113.1"), 50);
  assert.equal(limits.stream("203.0.113.2"), 0);
  clock.nowMs += 50;
  assert.deepEqual([limits.stream("203.0.113.1"), limits.stream("203.0.113.1")], [0, 50]);
});

Deno.test("E050 names the id of the log line, and nothing of the cause", async () => {
  const { client, lines } = rig();
  const error = await client("203.0.113.1", 1).call(delivery.channelState, { channelId: new Uint8Array(32) }).catch((
    error,
  ) => error);
  assert.equal(error.code, 50);
  const id = /^internal error, ([0-9a-f]{16}) in the server's log$/.exec(error.reason)?.[1];
  assert.ok(id, error.reason);
  // For the caller the call ends a little before it ends for the server.
  await until(() => lines.length > 0);
  const [line] = lines.map((line) => JSON.parse(line));
  assert.deepEqual([line.level, line.id, line.method, line.error], [
    "error",
    id,
    "channelState",
    "Error: the disk is on fire",
  ]);
});

Deno.test("a caller that disconnects during its answer is no error of the server", async () => {
  const lines: string[] = [];
  const metrics = new Metrics();
  const handlers = new Handlers<Caller>().stream(delivery.subscribe, async function* () {
    while (true) yield { entries: [] };
  });
  const limits = new CallLimits({ perAddressPerSecond: 100, perAccountPerSecond: 100, clock: Date.now });
  const calls = new Calls({
    handlers,
    limits,
    log: makeLog("debug", (line) => lines.push(line)),
    metrics,
    authorize: (_method, _auth, remoteAddress) => Promise.resolve({ kind: "anyone", remoteAddress }),
  });
  let served: Promise<void> | undefined;
  const client = new RpcClient(() => {
    const [ours, theirs] = streamPair();
    served = calls.serve(theirs, {
      remoteAddress: "203.0.113.1",
      signal: new AbortController().signal,
      callRead: () => {},
    });
    return Promise.resolve(ours);
  });
  const live = client.stream(delivery.subscribe, { recipientKey: new Uint8Array(32), after: 0 });
  await live.next();
  await live.return(undefined);
  await served;
  assert.match(await metrics.render(), /qpq_calls_total\{method="subscribe",code="gone"\} 1/);
  assert.deepEqual(lines.map((line) => JSON.parse(line).level), ["debug"]);
});
