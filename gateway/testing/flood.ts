/** A flood in its own process, which a test or a benchmark switches on and off. */

import assert from "node:assert/strict";
import type { FloodCounts, FloodTarget } from "./flooder.ts";

/**
 * Starts {@link FloodTarget}'s flood, paused. `toggle()` resumes and pauses it; `end()` returns its counts.
 * It has the lowest priority: a real flood comes from elsewhere, so sending it must not take processor time
 * from the servers.
 */
export async function startFlood(target: FloodTarget) {
  const child = new Deno.Command("nice", {
    args: [
      "-n",
      "19",
      Deno.execPath(),
      "run",
      "-A",
      "--unstable-net",
      "--no-check",
      new URL("./flooder.ts", import.meta.url).pathname,
    ],
    env: { FLOOD_TARGET: JSON.stringify(target) },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const stdin = child.stdin.getWriter();
  const stdout = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal((await stdout.read()).value, "ready\n");
  return {
    toggle: () => stdin.write(new TextEncoder().encode("\n")),
    async end(): Promise<FloodCounts> {
      await stdin.close();
      let text = "";
      for (let read = await stdout.read(); !read.done; read = await stdout.read()) text += read.value;
      await child.status;
      return JSON.parse(text);
    },
  };
}
