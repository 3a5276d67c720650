/** Behaviours of the operator's store: the trusted time, beside a running store. */

import assert from "node:assert/strict";
import type { OperatorStore } from "../operator_store.ts";
import { type Behaviour, does, races, repeats } from "./behaviour.ts";
import { dayMs, type World } from "./world.ts";

/** The server has seen a time, and the machine's clock is off by `offMs` since. @returns the time that it has seen */
async function off(world: World, offMs: number): Promise<number> {
  const newestMs = world.clock.nowMs;
  await world.kept.keep({ newestMs, stepMs: 0, steadyMs: 0, accepted: 0 });
  world.clock.nowMs += offMs;
  return newestMs;
}

const agrees = (world: World) => ({ trustedMs: world.clock.nowMs, machineMs: world.clock.nowMs, aheadMs: 0 });

export const operatorClockBehaviours: Behaviour<keyof OperatorStore>[] = [
  does("clock", "is the machine's before the first start, and after some days without a server", async (world) => {
    assert.deepEqual(await world.operator.clock(), agrees(world));
    await off(world, 13 * dayMs);
    assert.deepEqual(await world.operator.clock(), agrees(world));
  }),

  does("clock", "is the newest that the server has seen, where the machine's is far ahead or back", async (world) => {
    for (const offMs of [700 * dayMs, -700 * dayMs]) {
      const trustedMs = await off(world, offMs);
      const machineMs = world.clock.nowMs;
      assert.deepEqual(await world.operator.clock(), { trustedMs, machineMs, aheadMs: offMs });
    }
  }),

  does("acceptClock", "makes the machine's clock the trusted time", async (world) => {
    await off(world, 700 * dayMs);
    await world.operator.acceptClock();
    assert.deepEqual(await world.operator.clock(), agrees(world));
  }),

  repeats("acceptClock", "changes nothing more", async (world) => {
    await off(world, -700 * dayMs);
    for (let times = 0; times < 2; times++) await world.operator.acceptClock();
    assert.deepEqual(await world.operator.clock(), agrees(world));
  }),

  races("acceptClock", "both are counted, so that a running server sees it", async (world) => {
    await off(world, 700 * dayMs);
    await Promise.all([world.operator.acceptClock(), world.operator.acceptClock()]);
    assert.equal((await world.kept.read())!.accepted, 2);
  }),
];
