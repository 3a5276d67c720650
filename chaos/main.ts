/**
 * `npm run chaos`: one run, a line for each kill, tables at the end, and exit code 1 when a message that was told
 * "sent" is lost, or one is doubled; 2 when a world could not be judged, or hardly anything was sent.
 */

import { parseArgs } from "node:util";
import { campaign } from "./campaign.ts";
import { type Victim, victims } from "./decisions.ts";
import { exitCodeOf, report } from "./report.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seed: { type: "string", default: Deno.env.get("QPQ_SEED") ?? String(Math.floor(Math.random() * 1e6)) },
    only: { type: "string", default: victims.join(",") },
    pace: { type: "string", default: "1" },
    wait: { type: "string", default: "60" },
    patience: { type: "string", default: "600" },
    worlds: { type: "string", default: "1" },
  },
});
const [kills, seed, pace, wait, patience, worlds] = [
  values.kills,
  values.seed,
  values.pace,
  values.wait,
  values.patience,
  values.worlds,
].map(Number);
const only = values.only.split(",") as Victim[];
const areNumbers = [kills, seed, pace, wait, patience, worlds].every(Number.isSafeInteger);
if (!areNumbers || kills < 1 || pace < 1 || worlds < 1 || worlds > kills) {
  console.error("qpq: error: --kills, --seed, --pace, --worlds, --wait and --patience (in seconds) are whole numbers");
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

const logs = decodeURIComponent(new URL("../test-results/chaos", import.meta.url).pathname);
Deno.mkdirSync(logs, { recursive: true });
const running = campaign({
  kills,
  worlds,
  seed,
  only,
  pace,
  waitMs: wait * 1000,
  patienceMs: patience * 1000,
  logs,
  signal: interrupted.signal,
  say: console.log,
});
const { result, evidence, failed } = await running.catch((error) => {
  console.error(`qpq: error: ${error.message}; logs: ${logs}`);
  Deno.exit(2);
});
const lines = report(result);
for (const line of lines) console.log(line);
const summary = `${logs}/${seed}.md`;
Deno.writeTextFileSync(summary, [new Date().toISOString(), again, ...lines, ...evidence, ""].join("\n"));
for (const line of evidence) console.log(line);
console.log(`${evidence.length > 0 ? `again: ${again}; ` : ""}summary: ${summary}`);
Deno.exit(exitCodeOf(result, failed));
