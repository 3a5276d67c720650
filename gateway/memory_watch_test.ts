import assert from "node:assert/strict";
import { GarbageCount } from "../server-common/garbage.ts";
import { logTo } from "../server-common/testing/log.ts";
import { watchMemory } from "./memory_watch.ts";
import { Metrics } from "./metrics.ts";
import { until } from "../schema/testing/until.ts";

const MiB = 2 ** 20;

/** Watches a memory of which each cut frees a part. */
function watch(usedMiB: number, shed: ((free: () => void) => number)[], onLook = () => {}) {
  const memory = { usedMiB, looks: 0 };
  const metrics = new Metrics();
  const events: string[] = [];
  const free = () => void (memory.usedMiB -= 10);
  const ended = new GarbageCount(256, 2_000);
  const stop = watchMemory({
    limit: 100 * MiB,
    used: () => {
      memory.looks++;
      onLook();
      return memory.usedMiB * MiB;
    },
    shed: shed.map((cut) => () => cut(free)),
    ended,
    metrics,
    log: logTo((_level, event, fields) => void events.push(`${event} ${fields?.endedStreams}`)),
  });
  return { memory, metrics, events, stop };
}

Deno.test("SERVERS 3: watchMemory() cuts off the greediest until memory is below its mark", async () => {
  const { memory, metrics, events, stop } = watch(115, [(free) => {
    free();
    return 90;
  }]);
  await until(() => memory.usedMiB === 95);
  const { looks } = memory;
  await until(() => memory.looks > looks + 5);
  stop();
  assert.deepEqual(events, ["memory-short 90", "memory-short 90"]);
  assert.equal(metrics.get("qpq_gateway_memory_shed_total"), 2);
  assert.match(await metrics.render(), /qpq_gateway_refusals_total\{reason="memory"\} 2/);
});

Deno.test("SERVERS 3: watchMemory() asks the next one where the first finds nobody", async () => {
  const asked: string[] = [];
  const { metrics, events, stop } = watch(200, [
    () => asked.push("first") && 0,
    () => asked.push("second") && 0,
  ]);
  await until(() => events.length > 0);
  stop();
  assert.deepEqual(asked, ["first", "second"]);
  assert.deepEqual(events, ["memory-short 0"]);
  assert.equal(metrics.get("qpq_gateway_memory_shed_total"), 0);
});

Deno.test("SERVERS 3: watchMemory() cuts nobody off for the garbage of connections that have ended", async () => {
  let isFreed = false;
  const registry = new FinalizationRegistry(() => isFreed = true);
  (() => registry.register({ ended: new Uint8Array(1_000) }, 0))();
  const { memory, events, stop } = watch(110, [() => 40], () => void (memory.usedMiB = isFreed ? 90 : 110));
  await until(() => memory.usedMiB === 90);
  const { looks } = memory;
  await until(() => memory.looks > looks + 5);
  stop();
  assert.deepEqual(events, []);
});
