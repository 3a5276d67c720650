import assert from "node:assert/strict";

/** Waits, at most 15 s, until a condition holds. */
export async function until(condition: () => boolean, what = "waited in vain"): Promise<void> {
  for (const deadline = performance.now() + 15_000; !condition();) {
    assert.ok(performance.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
