/** Judges a run by what everybody's device holds in the end, and by what `qpq recv` has printed. */

import type { TimelineItem } from "../client/api/engine_api.ts";
import { type Chat, chats, type Ledger, type Name, numberedIn } from "./ledger.ts";

export type Timelines = Map<Name, Map<Chat, TimelineItem[]>>;

/** What one process of `qpq recv` printed. */
export interface Printed {
  texts: string[];
  /** It ended in order: neither killed nor with an error. */
  isWhole: boolean;
}

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
 * @param printed what the processes of people at a shell printed, in their order. Where one is killed between a
 *   line and its mark, the next one prints that line again first: that is no double
 */
export function judge(ledger: Ledger, timelines: Timelines, printed: Map<Name, Printed[]>): Verdict {
  const verdict: Verdict = { lost: [], doubled: [], stuck: [], whole: 0, notices: {} };
  const held = new Map<Name, Map<string, string>>();
  for (const [name, ofChats] of timelines) held.set(name, readTimeline(name, [...ofChats.values()].flat(), verdict));
  const shown = new Map<Name, Set<string>>();
  for (const [name, processes] of printed) shown.set(name, readPrinted(name, processes, verdict));
  const isAt = (name: Name, text: string) => held.get(name)?.has(text) ?? false;
  for (const text of [...ledger.sent].sort()) {
    const { chat, from } = numberedIn(text)!;
    const missing = chats[chat].filter((name) => !isAt(name, text)).map((name) => `${text} is not at ${name}`);
    const unprinted = chats[chat].filter((name) =>
      name !== from && isAt(name, text) && shown.get(name)?.has(text) === false
    )
      .map((name) => `${text} was not printed by ${name}`);
    verdict.lost.push(...missing, ...unprinted);
    if (missing.length + unprinted.length === 0) verdict.whole++;
  }
  for (const text of [...ledger.kept].sort()) {
    if (ledger.sent.has(text) || chats[numberedIn(text)!.chat].every((name) => isAt(name, text))) continue;
    const { from } = numberedIn(text)!;
    verdict.stuck.push(`${text} was kept, and is ${held.get(from)?.get(text) ?? "gone"} at ${from}`);
  }
  return verdict;
}

/** @returns the numbered messages in it with their states; doubles and notices go to the verdict */
function readTimeline(name: Name, items: TimelineItem[], { doubled, notices }: Verdict): Map<string, string> {
  const seen = new Map<string, string>();
  for (const item of items) {
    if (item.kind === "notice") notices[item.notice] = (notices[item.notice] ?? 0) + 1;
    const text = item.kind === "message" && numberedIn(item.text)?.text;
    if (!text) continue;
    if (seen.has(text)) doubled.push(`${text} is twice at ${name}`);
    seen.set(text, item.state);
  }
  return seen;
}

function readPrinted(name: Name, processes: Printed[], { doubled }: Verdict): Set<string> {
  const seen = new Set<string>();
  for (const [number, { texts }] of processes.entries()) {
    const isAgain = processes[number - 1]?.isWhole === false;
    for (const [index, text] of texts.entries()) {
      if (seen.has(text) && !(isAgain && index === 0)) doubled.push(`${text} was printed twice by ${name}`);
      seen.add(text);
    }
  }
  return seen;
}
