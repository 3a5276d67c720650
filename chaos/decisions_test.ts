import assert from "node:assert/strict";
import { rounds, type Victim, victims } from "./decisions.ts";

function draw(count: number, ...given: Parameters<typeof rounds>) {
  const drawn = rounds(...given);
  return Array.from({ length: count }, () => drawn.next().value);
}

Deno.test("a seed draws the same rounds again, another one draws others", () => {
  assert.deepEqual(draw(50, 7), draw(50, 7));
  assert.notDeepEqual(draw(50, 7), draw(50, 8));
});

Deno.test("everything is killed, under every weather, and some rounds cut in mid-drain", () => {
  const drawn = draw(400, 1);
  assert.deepEqual(new Set(drawn.map(({ victim }) => victim)), new Set(victims));
  const weather = new Set(drawn.flatMap(({ weather }) => weather ? [`${weather.kind} ${weather.where}`] : []));
  assert.equal(weather.size, 9);
  assert.ok(drawn.some(({ cutAfterMs }) => cutAfterMs !== undefined));
  const storm = drawn.findIndex(({ cutAfterSent }) => cutAfterSent !== undefined);
  assert.equal(drawn[storm + 1].burst?.who, drawn[storm].burst?.who);
});

Deno.test("only what is allowed is killed, and a pace divides the times", () => {
  const only: Victim[] = ["receiver", "sender"];
  assert.ok(draw(200, 1, only).every(({ victim }) => only.includes(victim)));
  const longest = (pace: number) => Math.max(...draw(200, 1, only, pace).map(({ restMs }) => restMs));
  assert.equal(longest(2), longest(1) / 2);
});
