/** An entry that could not be followed: remembered so that it is tried once, kept sealed for another try, and never silent (DESIGN §5). */

import type { Entry } from "../../schema/rpc/methods.ts";
import type { Draft } from "./draft.ts";
import { keys, type UnreadableRecord, unreadableForMs } from "./records.ts";
import type { Unit } from "./unit.ts";

/** Both as they come from client/mls: a rule or form that was broken, or a key that was not there. */
export type Refusal = { kind: "rejected"; code: string; reason: string } | { kind: "unreadable"; reason: string };

export function codeOf(refusal: Refusal): string {
  return refusal.kind === "rejected" ? refusal.code : refusal.reason;
}

/** Bodies above this are not kept: anyone may send large ones, and no message is that large. */
const keptBodyBytes = 64 * 1024;

/**
 * Keeps the entry for 7 days.
 *
 * @param known whether it is of a group that this device is in; a stranger's entry leaves its mark only, or strangers could fill the disk
 */
export function remember(unit: Unit, chatId: string, { seq, kind, epoch, id, header, body, receivedMs, channelId }: Entry, code: string, known = true): void {
  const kept = known && body.length <= keptBodyBytes ? { header, body } : { header: new Uint8Array(), body: new Uint8Array() };
  const record: UnreadableRecord = { kind, epoch, id, ...kept, receivedMs, code, untilMs: receivedMs + unreadableForMs };
  unit.put("unreadable", keys.unreadable(chatId, seq), record, { channelId });
}

/** Puts the visible line into the conversation. */
export function refuse(unit: Unit, draft: Draft, entry: Entry, refusal: Refusal): void {
  remember(unit, draft.id, entry, codeOf(refusal));
  draft.notice(refusal.kind, { code: codeOf(refusal) }, entry.receivedMs);
}

/**
 * After a commit that could not be followed, no later one can be either: one notice, then quiet until this device is re-added (PROTOCOL §3.5).
 */
export function breakOff(unit: Unit, draft: Draft, entry: Entry, refusal: Refusal): void {
  if (draft.record.broken) {
    remember(unit, draft.id, entry, codeOf(refusal));
    return;
  }
  refuse(unit, draft, entry, refusal);
  draft.set({ broken: { code: codeOf(refusal), epoch: entry.epoch } });
}
