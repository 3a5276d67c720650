/** `npm run soak`: one run of any size, progress as it goes, a summary, and exit code 1 when something is wrong. */

import { parseArgs } from "node:util";
import { soak } from "./soak.ts";

const { values } = parseArgs({
  options: {
    clients: { type: "string", default: "20" },
    steps: { type: "string", default: "1000" },
    seed: { type: "string", default: Deno.env.get("QPQ_SEED") ?? String(Math.floor(Math.random() * 1e6)) },
    faults: { type: "boolean", default: false },
  },
});
const [clients, steps, seed] = [values.clients, values.steps, values.seed].map(Number);
if (![clients, steps, seed].every(Number.isSafeInteger) || clients < 3 || steps < 1) {
  console.error("qpq: error: --clients (at least 3), --steps and --seed are whole numbers");
  Deno.exit(2);
}
const again = `npm run soak -- --clients ${clients} --steps ${steps} --seed ${seed}${values.faults ? " --faults" : ""}`;
console.log(again);
// As the servers do: what fails in the background is told, not fatal.
addEventListener("unhandledrejection", (event) => {
  console.error(`unhandled: ${event.reason?.stack ?? event.reason}`);
});
const { wrong, tookMs, ...result } = await soak({
  clients,
  steps,
  seed,
  faults: values.faults,
  // Longer than the ten minutes for which admins refuse to move a group once more.
  patienceMs: 660_000,
  progress: console.log,
});
console.log(JSON.stringify(result));
const seconds = tookMs / 1000;
console.log(
  `${steps} steps in ${seconds.toFixed(0)} s: ${(result.epoch / seconds).toFixed(1)} commits/s, ${
    (result.accepted / seconds).toFixed(1)
  } messages/s, ${(result.deliveries / seconds).toFixed(0)} deliveries/s`,
);
for (const sentence of wrong.slice(0, 40)) console.log(`WRONG: ${sentence}`);
console.log(
  wrong.length === 0
    ? "ok: one epoch, one member list, one transcript; nothing lost, nothing twice, all in order"
    : `${wrong.length} wrong; again: ${again}`,
);
Deno.exit(wrong.length === 0 ? 0 : 1);
