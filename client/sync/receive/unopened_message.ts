/**
 * A stored message that did not open (specification §3.8).
 *
 * It is a repeat only if its id was seen. Else it is counted in a line of the conversation, and its sender's device is
 * asked for it (recovery/asking_again.ts). What was refused after it was opened has used up its generation, so its id
 * counts as seen from then on.
 */

import { toHex } from "../../../schema/bytes.ts";
import type { Member, OpenResult } from "../../mls/group.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import type { EntryContext } from "../conversation/entry_context.ts";
import { missedKey, noteMissed } from "../conversation/missed_messages.ts";
import { keys, type SeenRecord } from "../conversation/records.ts";
import { desyncOf } from "../conversation/standing.ts";
import { fallOutOfStep, refuse, remember } from "./rejection.ts";

/**
 * How many messages of a chat that are refused unopened get a line of their own in 24 h. They do not say who sent them,
 * so nobody would know whom to remove for a flood of lines. Further ones are counted with the missed ones.
 */
const refusedLinesADay = 10;
const dayMs = 24 * 3_600_000;

type Unopened = Exclude<OpenResult, { kind: "processed" }>;

/** Handles what `openMessage` did not open, or refused. @throws StorageError */
export async function receiveUnopened(
  received: EntryContext,
  conversation: ConversationTransaction,
  result: Unopened,
): Promise<void> {
  const { context, unit, entry } = received;
  const sender = senderOf(result);
  const isOwn = result.kind === "skipped" && result.reason === "own-message";
  const senderKey = isOwn ? context.ownKey : sender && toHex(sender.credential.accountKey);
  const seenKey = senderKey === undefined ? undefined : keys.seen(conversation.id, senderKey, toHex(entry.id));
  if (seenKey !== undefined && await unit.read<SeenRecord>(context.store, "messageids", seenKey)) return;
  // Refused after it was opened: when it comes again, it is a repeat.
  if (seenKey !== undefined && result.kind !== "unreadable" && !isOwn) {
    unit.put("messageids", seenKey, { order: "", atMs: entry.receivedMs } satisfies SeenRecord);
  }
  if (result.kind === "skipped" && !isOwn) return;
  if (desyncOf(conversation.record)) return remember(received, conversation.id, "broken", conversation);
  // The queue is in order. So the commit to that epoch is not on its way: it was never queued.
  if (result.kind === "unreadable" && result.reason === "future-epoch") {
    return fallOutOfStep(received, conversation, { kind: "rejected", code: "fork", reason: "a commit is missing" });
  }
  // A leave is asked for by nobody: its device proposes it again in the next epoch.
  const isMissed = isOwn || (result.kind === "unreadable" && result.opened?.kind === "application");
  if (!isMissed && hasLineFor(conversation, context.account.clock.now())) {
    return refuse(received, conversation, result.kind === "skipped" ? { ...result, kind: "unreadable" } : result);
  }
  const key = missedKey(conversation.id, senderKey ?? "unknown", toHex(entry.id));
  await noteMissed(context, unit, conversation, key, {
    epoch: entry.epoch,
    receivedMs: entry.receivedMs,
    ...(isMissed && sender && { device: toHex(sender.recipientKey) }),
    nowMs: context.account.clock.now(),
  });
  if (isMissed) unit.onceStored(() => context.events.emit("missed", conversation.id, key));
}

/** Counts a refusal. @returns whether it is shown by itself */
function hasLineFor(conversation: ConversationTransaction, nowMs: number): boolean {
  const { refusals } = conversation.record;
  const isNew = !refusals || nowMs >= refusals.sinceMs + dayMs;
  const { sinceMs, count } = isNew ? { sinceMs: nowMs, count: 0 } : refusals;
  if (count >= refusedLinesADay) return false;
  conversation.set({ refusals: { sinceMs, count: count + 1 } });
  return true;
}

/** @returns the sender, where the message names one */
function senderOf(result: Unopened): Member | undefined {
  return result.kind === "unreadable" ? result.opened?.sender : result.sender;
}
