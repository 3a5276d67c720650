import assert from "node:assert/strict";
import {
  type Desync,
  desyncOf,
  ended,
  flagsOf,
  isIn,
  isShown,
  type Standing,
  type StandingFlags,
  standingOf,
  withDesync,
  withoutDesync,
} from "./standing.ts";

const desync: Desync = { code: "GRP-1.1", epoch: 4, commitId: "07", need: "readd" };

Deno.test("standingOf() and flagsOf() preserve every combination of stored flags", () => {
  for (const hidden of [false, true]) {
    for (const active of [false, true]) {
      for (const broken of [undefined, desync]) {
        const flags: StandingFlags = { hidden, active, ...(broken && { broken }) };
        const standing = standingOf(flags);
        assert.deepEqual(flagsOf(standing), flags);
        assert.deepEqual([isIn({ standing }), isShown({ standing }), desyncOf({ standing })], [
          active,
          !hidden,
          broken,
        ]);
      }
    }
  }
});

Deno.test("withDesync(), withoutDesync() and ended() move between member, out of step and left", () => {
  const member: Standing = { kind: "member" };
  const outOfStep = withDesync(member, desync);
  assert.deepEqual(outOfStep, { kind: "out-of-step", desync });
  assert.deepEqual(withoutDesync(outOfStep), member);
  assert.deepEqual(ended(outOfStep), { kind: "left", desync });
  assert.deepEqual(withoutDesync(ended(outOfStep)), { kind: "left" });
  assert.deepEqual(ended(ended(member)), { kind: "left" });
});

Deno.test("a conversation that ends before its channel is on the server is never shown", () => {
  const pending: Standing = { kind: "pending" };
  assert.equal(isShown({ standing: ended(pending) }), false);
  assert.deepEqual(withDesync(pending, desync), { kind: "pending", desync });
});
