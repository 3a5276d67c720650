/** The tables at the end of a run, in Markdown. */

import { percentiles } from "../bench/statistics.mjs";
import { victims } from "./decisions.ts";
import type { ChaosResult } from "./loop.ts";
import type { Name } from "./ledger.ts";
import type { Sample, Way } from "./recovery.ts";

const page: Name[] = ["alice"];
const shell: Name[] = ["bob", "carol", "dave"];
/** Rows of the first table: what each person stands for. */
const rows: { what: string; who: Name[]; way?: Way }[] = [
  { what: "pages", who: page },
  { what: "– until an own message is sent", who: page, way: "out" },
  { what: "– until a message comes", who: page, way: "in" },
  { what: "CLI", who: shell },
  { what: "– client, until an own message is sent", who: ["bob"], way: "out" },
  { what: "– client, until a message comes", who: ["bob"], way: "in" },
  { what: "– recv --follow, until a message comes", who: ["carol"] },
  { what: "– send, until a message is sent", who: ["dave"] },
];
/** Rows of the second table: what was killed, and what the relay did while nothing was that cuts the person off. */
const faults = [...victims, "blackout", "rebind", "loss"];
/** How many faults of each kind are printed. */
const mostFaults = 30;

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;

const killsOf = ({ kills }: ChaosResult) => Object.values(kills).reduce((sum, number) => sum + number, 0);

/**
 * @param failed worlds that could not be judged
 * @returns the exit code of a run: where hardly anything is sent, nothing can be lost, and that proves nothing
 */
export function exitCodeOf(result: ChaosResult, failed: number): 0 | 1 | 2 {
  if (result.lost.length + result.doubled.length > 0) return 1;
  return failed > 0 || result.whole < killsOf(result) ? 2 : 0;
}

/** @returns the lines of the report */
export function report(result: ChaosResult): string[] {
  const { kills, said, sent, whole, lost, doubled, stuck, notices, samples, cutShort, tookMs } = result;
  const listed = (counts: Record<string, number>) =>
    Object.entries(counts).sort().map(([name, count]) => `${name} ${count}`).join(", ") || "none";
  return [
    "",
    `${killsOf(result)} kills in ${(tookMs / 1000).toFixed(0)} s: ${listed(kills)}`,
    `${said} messages written, ${sent} told "sent", ${whole} of these at every receiver; lines: ${listed(notices)}`,
    "",
    "Times: p50 / p99 / longest.",
    "",
    ...table(
      ["recovery", "times", "cut short", "since it could be reached again", "since the kill"],
      rows.map(({ what, who, way }) => {
        const of = (list: Sample[]) => list.filter((one) => who.includes(one.who) && (!way || one.way === way));
        const found = of(samples);
        return [what, found.length, of(cutShort).length, times(found, "ms"), times(found, "sinceFaultMs")];
      }),
    ),
    "",
    ...table(
      ["fault", "kills", "pages: since it could be reached again", "since the kill", "CLI: the same", "since the kill"],
      faults.map((fault) => {
        const after = samples.filter((sample) => sample.after.split(",")[0] === fault);
        const [pages, shells] = [page, shell].map((who) => after.filter((sample) => who.includes(sample.who)));
        const cells = [pages, shells].flatMap((found) => [times(found, "ms"), times(found, "sinceFaultMs")]);
        return [fault, kills[fault] ?? "–", ...cells];
      }),
    ),
    "",
    ...[["LOST", lost], ["DOUBLED", doubled], ["STUCK", stuck]].flatMap(([kind, sentences]) =>
      (sentences as string[]).slice(0, mostFaults).map((sentence) => `${kind}: ${sentence}`)
    ),
    `${lost.length} lost, ${doubled.length} doubled, ${stuck.length} kept and never sent`,
  ];
}

function table(head: string[], body: (string | number)[][]): string[] {
  return [head, head.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |`);
}

function times(samples: Sample[], which: "ms" | "sinceFaultMs"): string {
  if (samples.length === 0) return "–";
  const all = samples.map((sample) => sample[which]);
  const { p50, p99 } = percentiles(all);
  return `${seconds(p50)} / ${seconds(p99)} / ${seconds(Math.max(...all))}`;
}
