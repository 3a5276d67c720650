import assert from "node:assert/strict";

/** Longer than a busy machine needs: a test waits for what happens, not for this. */
const longestMs = 60_000;

/** Waits until a condition holds, and looks every 10 ms. @throws AssertionError `what`, after 60 s */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what = "waited in vain",
): Promise<void> {
  for (const deadlineMs = performance.now() + longestMs; !await condition();) {
    assert.ok(performance.now() < deadlineMs, what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
