import assert from "node:assert/strict";
import { collectGarbage, GarbageCount } from "./garbage.ts";
import { until } from "../schema/testing/until.ts";

Deno.test("SERVERS 3: GarbageCount is due when enough has ended, not too often, or when memory is short", () => {
  const count = new GarbageCount(3, 1000);
  count.add();
  count.add();
  assert.equal(count.isDue(0), false);
  count.add();
  assert.equal(count.isDue(1), true);
  for (let ended = 0; ended < 3; ended++) count.add();
  assert.equal(count.isDue(1000), false, "too soon");
  assert.equal(count.isDue(1001), true);
  assert.equal(count.isDue(5000), false);
  assert.equal(count.isDue(5000, true), true);
  assert.equal(count.isDue(5001, true), false);
  count.add(2.5);
  assert.equal(count.isDue(9000), false);
  count.add(0.5);
  assert.equal(count.isDue(9000), true);
});

for (const heapMiB of [undefined, 200]) {
  const where = heapMiB === undefined ? "" : `, with a heap of ${heapMiB} MiB at most`;
  Deno.test(`SERVERS 3: collectGarbage() lets the process go on meanwhile, and takes no memory${where}`, async () => {
    const script = `
      import { collectGarbage } from ${JSON.stringify(import.meta.resolve("./garbage.ts"))};
      const kept = Array.from({ length: 300_000 }, (_, index) => ({ index, of: [index] }));
      const beforeBytes = Deno.memoryUsage().rss;
      collectGarbage();
      console.log("grown by " + Math.max(0, Deno.memoryUsage().rss - beforeBytes));
      for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setTimeout(resolve, 5));
      console.log(kept.length);
      collectGarbage(true);
    `;
    const limit = heapMiB === undefined ? "" : `,--max-old-space-size=${heapMiB}`;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-check",
        "--allow-all",
        `--v8-flags=--trace-gc${limit}`,
        `data:text/javascript,${encodeURIComponent(script)}`,
      ],
    }).output();
    const said = new TextDecoder().decode(stdout);
    const collections = said.match(/(Incremental )?Mark-Compact|low memory notification/g);
    assert.equal(collections?.[0], "Incremental Mark-Compact", said);
    assert.equal(collections.at(-1), "low memory notification", "all at once where memory is short");
    const [, grown] = /grown by (\d+)/.exec(said)!;
    assert.ok(Number(grown) < 32 * 1024 * 1024, said);
  });
}

Deno.test("collectGarbage() frees what nobody holds", async () => {
  let freed = false;
  const registry = new FinalizationRegistry(() => freed = true);
  (() => registry.register({ large: new Uint8Array(1000) }, 0))();
  await until(() => {
    collectGarbage();
    return freed;
  });
});
