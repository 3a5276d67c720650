/** Behaviours of the reports that users leave for the operator. */

import assert from "node:assert/strict";
import type { OperatorStore } from "../operator_store.ts";
import { type Behaviour, does, races, repeats } from "./behaviour.ts";
import type { World } from "./world.ts";

async function reported(world: World): Promise<number> {
  const [reporter, about] = [await world.person(), await world.person()];
  await world.accounts.addReport({ reporterKey: reporter.accountKey, accountKey: about.accountKey, text: "rude" });
  return (await world.operator.reports())[0].id;
}

export const operatorReportBehaviours: Behaviour<keyof OperatorStore>[] = [
  does("reports", "gives the newest first", async (world) => {
    const [first, second] = [await reported(world), await reported(world)];
    assert.deepEqual((await world.operator.reports()).map(({ id }) => id), [second, first]);
  }),

  does("removeReport", "deletes one, and says whether there was one", async (world) => {
    const [first, second] = [await reported(world), await reported(world)];
    const removals = [await world.operator.removeReport({ id: first }), await world.operator.removeReport({ id: 999 })];
    assert.deepEqual(removals, [true, false]);
    assert.deepEqual((await world.operator.reports()).map(({ id }) => id), [second]);
  }),

  repeats("removeReport", "finds none any more", async (world) => {
    const id = await reported(world);
    assert.deepEqual([await world.operator.removeReport({ id }), await world.operator.removeReport({ id })], [
      true,
      false,
    ]);
  }),

  races("removeReport", "removes it once", async (world) => {
    const id = await reported(world);
    const removals = await Promise.all([world.operator.removeReport({ id }), world.operator.removeReport({ id })]);
    assert.deepEqual(removals.sort(), [false, true]);
  }),
];
