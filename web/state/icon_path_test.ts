import assert from "node:assert/strict";
import { iconPath } from "./icon_path.ts";

Deno.test("CONVERSATIONS: iconPath() draws every shape of lucide as one path", () => {
  assert.equal(
    iconPath([["path", { d: "M1 2h3" }], ["line", { x1: 6, x2: "6.01", y1: "6", y2: 7 }]]),
    "M1 2h3M6 6L6.01 7",
  );
  assert.equal(iconPath([["circle", { cx: 12, cy: 12, r: 3 }]]), "M9 12a3 3 0 1 0 6 0a3 3 0 1 0 -6 0");
  assert.equal(
    iconPath([["ellipse", { cx: 12, cy: 5, rx: 9, ry: 3 }]]),
    "M3 5a9 3 0 1 0 18 0a9 3 0 1 0 -18 0",
  );
  assert.equal(
    iconPath([["rect", { x: 3, y: 11, width: 18, height: 11, rx: 2, ry: 2 }]]),
    "M5 11h14a2 2 0 0 1 2 2v7a2 2 0 0 1 -2 2h-14a2 2 0 0 1 -2 -2v-7a2 2 0 0 1 2 -2z",
  );
  assert.equal(iconPath([["rect", { width: 4, height: 5 }]]), "M0 0h4v5h-4v-5z");
  assert.equal(
    iconPath([["polygon", { points: "1 2 3 4" }], ["polyline", { points: "5,6 7,8" }]]),
    "M1 2 3 4zM5,6 7,8",
  );
});

Deno.test("CONVERSATIONS: iconPath() keeps paths that begin with a relative step where they are", () => {
  assert.equal(iconPath([["path", { d: "M18 6 6 18" }], ["path", { d: "m6 6 12 12" }]]), "M18 6 6 18M6 6l12 12");
  assert.equal(iconPath([["path", { d: "m9 12 2 2 4-4" }]]), "M9 12l2 2 4-4");
  assert.equal(iconPath([["path", { d: "m2.1-3.5c1 1 2 2 3 3" }]]), "M2.1 -3.5c1 1 2 2 3 3");
  assert.equal(iconPath([["path", { d: "m12 19-7-7 7-7" }]]), "M12 19l-7-7 7-7");
});

Deno.test("CONVERSATIONS: iconPath() throws for a shape that it can not draw", () => {
  assert.throws(() => iconPath([["text", {}]]), /shape text/);
});
