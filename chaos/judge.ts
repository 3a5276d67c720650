/** Judges a run by what everybody's device holds in the end, and by what `qpq recv` has printed. */

import type { TimelineItem } from "../client/api/engine_api.ts";
import { type Chat, chats, type Ledger, type Name, numberedIn } from "./ledger.ts";

export type Timelines = Map<Name, Map<Chat, TimelineItem[]>>;

/** The texts that one process of `qpq recv` printed. */
export type Printed = string[];

export interface Verdict {
  /** Told "sent", and not at a receiver, or not printed. As sentences. */
  lost: string[];
  /** At somebody, or printed, more than once. */
  doubled: string[];
  /** Told "kept" on the device, and never sent. */
  stuck: string[];
  /** Messages that stand at every receiver. */
  whole: number;
  /** How often each notice stands in a timeline. */
  notices: Record<string, number>;
}

/**
 * @param printed what the processes of the person `printer` printed, in their order. A process that is killed between
 *   a line and its mark prints that line again when it starts: that is no double
 */
export function judge(ledger: Ledger, timelines: Timelines, printer: Name, printed: Printed[]): Verdict {
  const verdict: Verdict = { lost: [], doubled: [], stuck: [], whole: 0, notices: {} };
  const counts = new Map<Name, Map<string, number>>();
  for (const [name, ofChats] of timelines) {
    const count = new Map<string, number>();
    for (const item of [...ofChats.values()].flat()) {
      if (item.kind === "notice") {
        verdict.notices[item.notice] = (verdict.notices[item.notice] ?? 0) + 1;
        continue;
      }
      const text = numberedIn(item.text)?.text;
      if (text) count.set(text, (count.get(text) ?? 0) + 1);
    }
    counts.set(name, count);
    for (const [text, times] of count) if (times > 1) verdict.doubled.push(`${text} is ${times} times at ${name}`);
  }
  const wherePrinted = countPrinted(printed, verdict, printer);
  for (const text of [...ledger.sent].sort()) {
    const { chat, from } = numberedIn(text)!;
    const missing = chats[chat].filter((name) => !counts.get(name)?.has(text));
    for (const name of missing) verdict.lost.push(`${text} is not at ${name}`);
    const prints = from !== printer && (chats[chat] as readonly Name[]).includes(printer);
    const unprinted = prints && !missing.includes(printer) && !wherePrinted.has(text);
    if (unprinted) verdict.lost.push(`${text} was not printed by ${printer}`);
    if (missing.length === 0 && !unprinted) verdict.whole++;
  }
  verdict.stuck = [...ledger.kept].filter((text) => !ledger.sent.has(text) && !isEverywhere(text, counts)).sort()
    .map((text) => `${text} was kept and never sent`);
  return verdict;
}

function isEverywhere(text: string, counts: Map<Name, Map<string, number>>): boolean {
  return chats[numberedIn(text)!.chat].every((name) => counts.get(name)?.has(text));
}

function countPrinted(printed: Printed[], verdict: Verdict, printer: Name): Set<string> {
  const seen = new Set<string>();
  for (const lines of printed) {
    for (const [index, text] of lines.entries()) {
      if (seen.has(text) && index > 0) verdict.doubled.push(`${text} was printed twice by ${printer}`);
      seen.add(text);
    }
  }
  return seen;
}
