/** The table at the end of a run. */

import { percentiles } from "../bench/statistics.mjs";
import type { ChaosResult } from "./loop.ts";
import type { Name } from "./ledger.ts";
import type { Sample, Way } from "./recovery.ts";

/** Rows of the table: what each person stands for. */
const rows: { what: string; who: Name[]; way?: Way }[] = [
  { what: "pages", who: ["alice"] },
  { what: "– until an own message is sent", who: ["alice"], way: "out" },
  { what: "– until a message comes", who: ["alice"], way: "in" },
  { what: "CLI", who: ["bob", "carol", "dave"] },
  { what: "– client, until an own message is sent", who: ["bob"], way: "out" },
  { what: "– client, until a message comes", who: ["bob"], way: "in" },
  { what: "– recv --follow, until a message comes", who: ["carol"] },
  { what: "– send, until a message is sent", who: ["dave"] },
];
/** How many faults of each kind are printed. */
const mostFaults = 30;

/** @returns the lines of the report, in Markdown */
export function report(result: ChaosResult): string[] {
  const { kills, said, sent, whole, lost, doubled, stuck, notices, samples, tookMs } = result;
  const listed = (counts: Record<string, number>) =>
    Object.entries(counts).sort().map(([name, count]) => `${name} ${count}`).join(", ") || "none";
  return [
    "",
    `killed: ${listed(kills)}; ${(tookMs / 1000).toFixed(0)} s`,
    `${said} messages written, ${sent} told "sent", ${whole} of these at every receiver; lines: ${listed(notices)}`,
    "",
    "| recovery | times | p50 | p99 | longest |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map(({ what, who, way }) =>
      row(what, samples.filter((sample) => who.includes(sample.who) && (!way || sample.way === way)))
    ),
    "",
    ...[["LOST", lost], ["DOUBLED", doubled], ["STUCK", stuck]].flatMap(([kind, sentences]) =>
      (sentences as string[]).slice(0, mostFaults).map((sentence) => `${kind}: ${sentence}`)
    ),
    `${lost.length} lost, ${doubled.length} doubled, ${stuck.length} kept and never sent`,
  ];
}

function row(what: string, samples: Sample[]): string {
  if (samples.length === 0) return `| ${what} | 0 | | | |`;
  const times = samples.map(({ ms }) => ms);
  const { p50, p99, count } = percentiles(times);
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
  return `| ${what} | ${count} | ${seconds(p50)} | ${seconds(p99)} | ${seconds(Math.max(...times))} |`;
}
