/**
 * `npm run chaos`: one run, a line for each kill, a table at the end, and exit code 1 when a message that was told
 * "sent" is lost, or one is doubled.
 */

import { parseArgs } from "node:util";
import { type Victim, victims } from "./decisions.ts";
import { chaos } from "./loop.ts";
import { report } from "./report.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seed: { type: "string", default: Deno.env.get("QPQ_SEED") ?? String(Math.floor(Math.random() * 1e6)) },
    only: { type: "string", default: victims.join(",") },
    pace: { type: "string", default: "1" },
    wait: { type: "string", default: "60" },
    patience: { type: "string", default: "180" },
  },
});
const [kills, seed, pace, wait, patience] = [values.kills, values.seed, values.pace, values.wait, values.patience]
  .map(Number);
const only = values.only.split(",") as Victim[];
if (![kills, seed, pace, wait, patience].every(Number.isSafeInteger) || kills < 1 || pace < 1) {
  console.error("qpq: error: --kills, --seed, --pace, --wait and --patience (in seconds) are whole numbers");
  Deno.exit(2);
}
if (!only.every((name) => victims.includes(name))) {
  console.error(`qpq: error: --only takes some of ${victims.join(",")}`);
  Deno.exit(2);
}
const given = Deno.args.filter((_, index, args) => ![args[index], args[index - 1]].includes("--seed"));
const again = ["npm run chaos --", ...given, "--seed", seed].join(" ");
console.log(again);
// As the servers do: what fails in the background is told, not fatal.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  console.error(`unhandled: ${event.reason?.stack ?? event.reason}`);
});

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => interrupted.abort(new Error("interrupted")));
}

const folder = Deno.makeTempDirSync({ prefix: "qpq-chaos-" });
const logs = decodeURIComponent(new URL("../test-results/chaos", import.meta.url).pathname);
Deno.mkdirSync(logs, { recursive: true });
const logPath = `${logs}/${seed}.log`;
const log = Deno.openSync(logPath, { write: true, create: true, truncate: true });
const encoder = new TextEncoder();
const running = chaos({
  kills,
  seed,
  only,
  pace,
  waitMs: wait * 1000,
  patienceMs: patience * 1000,
  folder,
  signal: interrupted.signal,
  say: console.log,
  log: (who, line) => log.writeSync(encoder.encode(`${new Date().toISOString()} ${who} | ${line}\n`)),
});
const result = await running.catch((error) => {
  console.error(`qpq: error: ${error.message}; log: ${logPath}`);
  Deno.exit(2);
});
for (const line of report(result)) console.log(line);
const isWrong = result.lost.length + result.doubled.length > 0;
if (isWrong || result.stuck.length > 0) console.log(`again: ${again}; log: ${logPath}; states: ${folder}`);
else Deno.removeSync(folder, { recursive: true });
Deno.exit(isWrong ? 1 : 0);
