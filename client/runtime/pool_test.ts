import assert from "node:assert/strict";
import { mapWithConcurrency } from "./pool.ts";

const tick = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

Deno.test("mapWithConcurrency() keeps the order of the items and runs no more at once than it may", async () => {
  let running = 0;
  let most = 0;
  const doubled = await mapWithConcurrency([5, 1, 4, 2, 3, 0, 6], 3, async (item) => {
    most = Math.max(most, ++running);
    for (let step = 0; step < item; step++) await tick();
    running--;
    return 2 * item;
  });
  assert.deepEqual(doubled, [10, 2, 8, 4, 6, 0, 12]);
  assert.equal(most, 3);
  assert.deepEqual(await mapWithConcurrency([], 3, tick), []);
});

Deno.test("mapWithConcurrency() begins no more work after a failure", async () => {
  const begun: number[] = [];
  await assert.rejects(
    mapWithConcurrency([1, 2, 3, 4, 5, 6], 2, async (item) => {
      begun.push(item);
      await tick();
      if (item === 2) throw new Error("the second");
    }),
    { message: "the second" },
  );
  await tick();
  await tick();
  assert.ok(begun.length <= 4, `${begun}`);
});
