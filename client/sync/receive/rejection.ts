/**
 * Stores an entry that could not be followed, and shows it (specification §6.4).
 *
 * Its bytes are kept sealed where a reseal can still make it readable. No refusal is silent.
 */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import { EntryKind } from "../../../schema/rpc/methods.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { keys, unreadableForMs, type UnreadableRecord } from "../conversation/records.ts";
import type { EntryContext } from "../conversation/entry_context.ts";
import type { RejectionCode, SkipReason, UnreadableReason } from "../../mls/types.ts";
import { type Desync, type DesyncCause, desyncOf } from "../conversation/standing.ts";

/** An entry that broke a rule, or that could not be opened. Most come from client/mls as they are. */
export type Refusal =
  | {
    kind: "rejected";
    code: RejectionCode | "fork" | "state-lost" | "old-epoch";
    reason: string;
    /** The signature key of the device that is proven to have made a refused commit. */
    by?: Bytes;
  }
  | { kind: "unreadable"; reason: UnreadableReason | SkipReason | "internal" | "storage" };

/** @returns the rule's number or the reason, as the conversation's line names it */
export function codeOf(refusal: Refusal): DesyncCause {
  return refusal.kind === "rejected" ? refusal.code : refusal.reason;
}

/**
 * Larger bodies are not kept. Anybody can send large ones, and no message is larger. The commit of a large
 * group may be.
 */
const keptMessageBytes = 128 * 1024;
const keptCommitBytes = 1024 * 1024;
/** How many bytes one chat keeps in all while it waits for help. */
const keptChatBytes = 16 * 1024 * 1024;

/**
 * Keeps the entry for 7 days, with its bytes, while a reseal can still make it readable. A device that is re-added
 * gets nothing of the time before (specification §3.4). A Welcome leaves a mark without bytes: this device asks for it
 * anew. Of any other entry nothing is kept: whoever adds this device to a channel may send into it without end, and
 * every connection looks through what is here.
 *
 * @param conversation of the entry, if this device is in it
 */
export function remember(
  { unit, entry }: EntryContext,
  chatId: string,
  code: UnreadableRecord["code"],
  conversation?: ConversationTransaction,
): void {
  const { seq, kind, epoch, id, header, body, receivedMs, channelId, place } = entry;
  const bytes = header.length + body.length;
  const already = conversation?.record.keptBytes ?? 0;
  // While this device follows its group, no later secret opens what it refuses. A member could fill the room with that.
  const worthwhile = conversation?.state !== undefined && desyncOf(conversation.record)?.need === "reseal";
  if (!worthwhile && kind !== EntryKind.WELCOME) return;
  const fits = body.length <= (kind === EntryKind.COMMIT ? keptCommitBytes : keptMessageBytes) &&
    already + bytes <= keptChatBytes;
  const kept = worthwhile && fits ? { header, body } : { header: new Uint8Array(), body: new Uint8Array() };
  if (worthwhile && fits) conversation.set({ keptBytes: already + bytes });
  const record: UnreadableRecord = {
    kind,
    epoch,
    id,
    ...kept,
    receivedMs,
    ...(place > 0 && { place }),
    code,
    untilMs: receivedMs + unreadableForMs,
  };
  unit.put("unreadable", keys.unreadable(chatId, seq), record, { channelId });
}

/** Adds the visible line to the conversation. */
export function refuse(received: EntryContext, conversation: ConversationTransaction, refusal: Refusal): void {
  remember(received, conversation.id, codeOf(refusal), conversation);
  conversation.notice(refusal.kind, { code: codeOf(refusal) }, received.entry.receivedMs);
}

/** A missing key can be sealed again. After any other refusal this device has to be re-added. */
function needOf(refusal: Refusal): Desync["need"] {
  return refusal.kind === "unreadable" && ["header", "no-header", "commit-seal"].includes(refusal.reason)
    ? "reseal"
    : "readd";
}

/**
 * After a commit that could not be followed, no later commit can be. The conversation shows one notice, and
 * no more until this device was helped (specification §3.4, §3.5). The event "fellOutOfStep" follows once that is
 * on disk.
 */
export function fallOutOfStep(received: EntryContext, conversation: ConversationTransaction, refusal: Refusal): void {
  if (desyncOf(conversation.record)) {
    remember(received, conversation.id, codeOf(refusal), conversation);
    return;
  }
  const { context, unit, entry } = received;
  const commitId = entry.kind === EntryKind.COMMIT && entry.epoch === conversation.record.epoch + 1
    ? { commitId: toHex(entry.id) }
    : {};
  conversation.fallOutOfStep({
    code: codeOf(refusal),
    epoch: entry.epoch,
    ...commitId,
    need: needOf(refusal),
    ...(refusal.kind === "rejected" && refusal.by && { by: toHex(refusal.by) }),
  });
  // What was kept before is of no more use.
  conversation.set({ keptBytes: undefined });
  refuse(received, conversation, refusal);
  conversation.restartPlan();
  unit.onceStored(() => context.events.emit("fellOutOfStep", conversation.id));
}
