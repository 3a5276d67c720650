import assert from "node:assert/strict";
import { swipeOf } from "./swipe.ts";

Deno.test("CONVERSATIONS: a swipe along the line answers, a shorter one does not", () => {
  assert.deepEqual(swipeOf(5, 2, false, false), { offsetPx: 0, replies: false });
  assert.deepEqual(swipeOf(30, 10, false, false), { offsetPx: 30, replies: false });
  assert.deepEqual(swipeOf(60, 10, true, false), { offsetPx: 60, replies: true });
  assert.deepEqual(swipeOf(300, 200, true, false), { offsetPx: 76, replies: true });
  assert.deepEqual(swipeOf(-10, 0, true, false), { offsetPx: 0, replies: false }, "back again");
});

Deno.test("CONVERSATIONS: from right to left it goes the other way", () => {
  assert.deepEqual(swipeOf(-60, 0, true, true), { offsetPx: 60, replies: true });
  assert.equal(swipeOf(60, 0, false, true), undefined);
});

Deno.test("CONVERSATIONS: a scroll, and a swipe against the line, are none", () => {
  assert.equal(swipeOf(10, 20, false, false), undefined);
  assert.equal(swipeOf(-20, 0, false, false), undefined);
});
