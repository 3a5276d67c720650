/** Behaviours of the store of the trusted time. */

import assert from "node:assert/strict";
import type { ClockStore, StoredClock } from "../clock_store.ts";
import { type Behaviour, does, races, repeats } from "./behaviour.ts";
import { dayMs } from "./world.ts";

const clock = (newestMs: number, accepted = 0): StoredClock => ({ newestMs, stepMs: 3, steadyMs: 4, accepted });

export const clockBehaviours: Behaviour<keyof ClockStore>[] = [
  does("read", "gives nothing before the first start, and then what was kept", async (world) => {
    assert.equal(await world.kept.read(), undefined);
    await world.kept.keep(clock(17));
    await world.reopen();
    assert.deepEqual(await world.kept.read(), clock(17));
  }),

  does("keep", "stores the time, and says whether there is an account", async (world) => {
    assert.deepEqual(await world.kept.keep(clock(17)), { stored: clock(17), hasAccounts: false });
    await world.person();
    assert.deepEqual(await world.kept.keep(clock(18)), { stored: clock(18), hasAccounts: true });
  }),

  does("keep", "gives what an operator has accepted since, and leaves it", async (world) => {
    await world.kept.keep(clock(17));
    await world.operator.acceptClock();
    const accepted = { newestMs: world.clock.nowMs, stepMs: 0, steadyMs: 0, accepted: 1 };
    assert.deepEqual((await world.kept.keep(clock(18))).stored, accepted);
    assert.deepEqual((await world.kept.keep(clock(19, 1))).stored, clock(19, 1));
  }),

  does("keep", "of an earlier time brings back what was made meanwhile", async (world) => {
    const nowMs = world.clock.nowMs;
    world.clock.nowMs += 10 * dayMs;
    const person = await world.person();
    await world.kept.keep(clock(world.clock.nowMs));
    world.clock.nowMs = nowMs;
    await world.kept.keep(clock(nowMs));
    const [session] = await world.accounts.sessions({ accountKey: person.accountKey });
    assert.deepEqual([session.createdMs, session.lastUsedMs, session.expiresMs], [nowMs, nowMs, nowMs + 30 * dayMs]);
  }),

  repeats("keep", "stores the same once more", async (world) => {
    for (let times = 0; times < 2; times++) {
      assert.deepEqual(await world.kept.keep(clock(17)), { stored: clock(17), hasAccounts: false });
    }
  }),

  races("keep", "leaves the later of two", async (world) => {
    await Promise.all([world.kept.keep(clock(17)), world.kept.keep(clock(18))]);
    assert.deepEqual(await world.kept.read(), clock(18));
  }),
];
