import assert from "node:assert/strict";
import { placeBeside } from "./placement.ts";

const screen = { width: 400, height: 800 };
const size = { width: 200, height: 300 };
const at = (left: number, top: number) => ({ left, top, right: left + 40, bottom: top + 40 });

Deno.test("CONVERSATIONS: a menu stands below what opened it, else above, and begins where that does", () => {
  assert.deepEqual(placeBeside(at(20, 100), size, screen, false), { left: 20, top: 146 });
  assert.deepEqual(placeBeside(at(20, 600), size, screen, false), { left: 20, top: 294 });
  assert.deepEqual(placeBeside(at(340, 100), size, screen, false), { left: 180, top: 146 });
  assert.deepEqual(placeBeside(at(340, 100), size, screen, true), { left: 180, top: 146 });
  assert.deepEqual(placeBeside(at(20, 100), size, screen, true), { left: 20, top: 146 });
});

Deno.test("CONVERSATIONS: a menu that fits nowhere stays on the screen", () => {
  assert.deepEqual(placeBeside(at(0, 100), { width: 390, height: 790 }, screen, false), { left: 8, top: 8 });
  assert.deepEqual(placeBeside(at(-90, -90), size, screen, false), { left: 8, top: 8 });
  assert.deepEqual(placeBeside(at(900, 900), size, screen, false), { left: 192, top: 492 });
});
