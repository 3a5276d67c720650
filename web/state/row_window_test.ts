import assert from "node:assert/strict";
import { afterChange, growNewer, growOlder, mostDrawn, newestWindow, pageItems, restWindow } from "./row_window.ts";

Deno.test("a window never draws more than its limit, however far the reader scrolls", () => {
  let window = newestWindow(5000);
  for (let pages = 0; pages < 100; pages++) {
    window = growOlder(window);
    assert.ok(window.end - window.start <= mostDrawn);
  }
  assert.equal(window.start, 0);
  for (let pages = 0; pages < 100; pages++) window = growNewer(window, 5000);
  assert.deepEqual(window, { start: 5000 - mostDrawn, end: 5000 });
});

Deno.test("afterChange() follows the newest item while the reader is there", () => {
  assert.deepEqual(afterChange(newestWindow(100), 0, 101, true), { start: 100 - pageItems, end: 101 });
});

Deno.test("afterChange() keeps showing the same items when older ones come in or the reader is elsewhere", () => {
  assert.deepEqual(afterChange({ start: 0, end: 60 }, 60, 160, false), { start: 60, end: 120 });
  assert.deepEqual(afterChange({ start: 10, end: 70 }, 0, 101, false), { start: 10, end: 70 });
});

Deno.test("restWindow() removes rows far above a reader at the newest item, seldom and many at once", () => {
  let window = newestWindow(1000);
  let changes = 0;
  for (let count = 1001; count <= 2000; count++) {
    window = afterChange(window, 0, count, true);
    const rested = restWindow(window);
    if (rested !== window) changes++;
    window = rested;
    assert.equal(window.end, count);
    assert.ok(window.end - window.start <= 4 * pageItems);
    assert.ok(window.end - window.start >= pageItems);
  }
  assert.ok(changes > 0 && changes <= 1000 / pageItems);
});
