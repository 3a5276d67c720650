/**
 * A process that runs one attack: `attacker.ts NAME`, with the target as JSON in `FLOOD_TARGET`. A line on its stdin
 * begins the attack and the next one stops it, at the end of stdin it ends. It says when it is ready and each time that
 * it has stopped.
 */

import type { Attack, Target } from "./attack.ts";

const target: Target = JSON.parse(
  Deno.env.get("FLOOD_TARGET")!,
  (_, value) => value?.bytes === undefined ? value : Uint8Array.from(value.bytes),
);
const { attack }: { attack: Attack } = await import(`./attacks/${Deno.args[0]}.ts`);
// What the servers cut off must not end the attack.
addEventListener("unhandledrejection", (event) => event.preventDefault());
console.log("ready");
let running: { stop: AbortController; over: Promise<void> } | undefined;
for await (const _ of Deno.stdin.readable) {
  if (running) {
    running.stop.abort();
    await running.over;
    running = undefined;
    console.log("stopped");
  } else {
    const stop = new AbortController();
    running = { stop, over: attack.run(target, stop.signal).catch(() => {}) };
  }
}
Deno.exit(0);
