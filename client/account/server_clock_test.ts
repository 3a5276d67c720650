import assert from "node:assert/strict";
import { RpcClient } from "../../schema/rpc/client.ts";
import { delivery } from "../../schema/rpc/methods.ts";
import { Handlers } from "../../schema/rpc/server.ts";
import { openingTo } from "../testing/call_server.ts";
import { ServerClock } from "./server_clock.ts";

const dayMs = 24 * 3_600_000;
const presentMs = 1_800_000_000_000;

/** A device and a server, each with a clock that the test sets. */
function setting() {
  const world = { deviceMs: presentMs, serverMs: presentMs };
  const handlers = new Handlers<undefined>().unary(
    delivery.health,
    () =>
      Promise.resolve({
        serverTimeMs: world.serverMs,
        wireVersion: 1,
        build: "test",
        draining: false,
        restoredMs: 0,
        restoredToMs: 0,
      }),
  );
  const rpc = new RpcClient(openingTo(handlers, () => undefined));
  const started = (reachedMs = 0) => {
    const clock = new ServerClock(() => world.deviceMs);
    clock.remember(reachedMs);
    return clock;
  };
  return { world, rpc, started };
}

Deno.test("ServerClock follows the server's time, and returns the difference to the device's clock", async () => {
  const { world, rpc, started } = setting();
  for (const offMs of [0, -400 * dayMs, 400 * dayMs]) {
    world.deviceMs = presentMs - offMs;
    const clock = started();
    assert.deepEqual([await clock.measure(rpc), clock.now(), clock.offsetMs], [offMs, presentMs, offMs]);
  }
});

Deno.test("ServerClock does not go back behind a time that both clocks had reached, even after a restart", async () => {
  const { world, rpc, started } = setting();
  const clock = started();
  await clock.measure(rpc);
  world.deviceMs += dayMs;
  world.serverMs = presentMs - 130 * dayMs;
  for (const at of [clock, started(clock.reachedMs)]) {
    assert.equal(await at.measure(rpc), -131 * dayMs, "the user is told");
    assert.equal(at.now(), presentMs);
    assert.equal(at.reachedMs, presentMs);
  }
  world.serverMs = world.deviceMs;
  await clock.measure(rpc);
  assert.equal(clock.now(), presentMs + dayMs);
});

Deno.test("ServerClock recovers from times at which one clock, or both, were ahead", async () => {
  const { world, rpc, started } = setting();
  const clock = started();
  world.serverMs += 130 * dayMs;
  await clock.measure(rpc);
  assert.equal(clock.now(), presentMs + 130 * dayMs);
  world.serverMs = presentMs;
  await clock.measure(rpc);
  assert.equal(clock.now(), presentMs);
  for (const aheadMs of [130 * dayMs, 0]) {
    world.serverMs = world.deviceMs = presentMs + aheadMs;
    await clock.measure(rpc);
    assert.equal(clock.now(), presentMs + aheadMs);
  }
});
