import assert from "node:assert/strict";
import type { Progress } from "../api/engine_api.ts";
import { CatchingUp } from "./catching_up.ts";

function catchingUp() {
  const clock = { nowMs: 0 };
  const told: (Progress | undefined)[] = [];
  return { clock, told, backlog: new CatchingUp(() => clock.nowMs, (progress) => told.push(progress)) };
}

Deno.test("CatchingUp reports nothing for a backlog that is processed within 200 ms", () => {
  const { clock, told, backlog } = catchingUp();
  backlog.advance(30);
  clock.nowMs = 199;
  backlog.advance(2);
  backlog.end();
  assert.deepEqual(told, []);
});

Deno.test("CatchingUp counts the entries of a long backlog, and reports the end", () => {
  const { clock, told, backlog } = catchingUp();
  backlog.advance(30);
  clock.nowMs = 200;
  backlog.advance(2);
  backlog.end();
  backlog.advance(1);
  assert.deepEqual(told, [{ task: "catching-up", done: 32 }, undefined]);
});
