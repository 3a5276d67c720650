/** An engine that is not closed in time, and finds that another tab's has its profile. */

import assert from "node:assert/strict";
import type { EngineEvent } from "../../client/api/engine_api.ts";
import { aWhile, testProfile } from "../testing/fake_tabs.ts";
import { until } from "../../schema/testing/until.ts";
import { closeMs } from "./tab_engine.ts";
import { settledMs } from "./visibility.ts";

const takenOver: EngineEvent = { kind: "problem", problem: { code: "L036", detail: "taken over" } };
const problems = (events: EngineEvent[]) => events.filter(({ kind }) => kind === "problem");

testProfile("PEOPLE B3: an engine of a tab that leads no more is not heard, in any tab", async (profile) => {
  const first = profile.tab({}, { close: () => new Promise(() => {}) });
  await first.seat.call("connection", []);
  const [second] = await profile.tabs({});
  first.seat.setVisible(false);
  second.seat.setVisible(true);
  profile.pass(settledMs);
  await until(() => profile.said.some(({ kind }) => kind === "taking-over"));
  await aWhile();
  profile.pass(closeMs);
  await until(() => profile.opened === 2);
  first.emit(takenOver);
  await second.seat.call("connection", []);
  await aWhile();
  assert.deepEqual([problems(first.events), problems(second.events)], [[], []]);
});

testProfile("PEOPLE B3: an engine that another process has displaced says so in every tab", async (profile) => {
  const [first, second] = await profile.tabs({}, {});
  first.emit(takenOver);
  await until(() => problems(second.events).length === 1);
  assert.deepEqual(problems(first.events), [takenOver]);
});
