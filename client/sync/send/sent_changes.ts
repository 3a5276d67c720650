/**
 * Own changes that the server has taken: reactions, edits and deletes have no line of their own. They are kept for as
 * long as the first bytes of an edited line, so that a resend after a fork or a restore holds them, too
 * (specification §7.6).
 */

import type { SealedStore } from "../../storage/sealed_store.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { changesPrefix, keys, type SentChangeRecord } from "../conversation/records.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import type { Outcome } from "./publisher.ts";
import { sentIn } from "./settled_line.ts";

/** Changes of one conversation that are sent again at most: the newest. */
const mostChanges = 1_000;

/** Notes that the server has taken a change. One that has failed is forgotten: this device is out of the group. */
export function noteChange(unit: UnitOfWork, conversation: ConversationTransaction, outcome: Outcome): void {
  const { record: { chatId, order, messageId, sealed, content }, state } = outcome;
  if (state === "failed") return;
  // No resend needs it.
  const { receipt, profile: v } = outcome.record;
  if (receipt) return conversation.set({ receipts: receipt });
  if (v !== undefined) {
    const { channel = conversation.id, epoch } = sealed!;
    return conversation.set({ profileTold: { v, channel, epoch } });
  }
  const { receivedMs: atMs } = outcome;
  const change: SentChangeRecord = {
    chatId,
    order,
    messageId,
    content,
    sentIn: sentIn(sealed!, content, atMs, atMs),
    atMs,
  };
  unit.put("messageids", keys.sentChange(chatId, order), change, { channelId: conversation.storageId });
}

/** @returns the newest own changes of a conversation that the server has taken, oldest first @throws StorageError */
export async function sentChanges(store: Pick<SealedStore, "range">, chatId: string): Promise<SentChangeRecord[]> {
  const newest = { reverse: true, limit: mostChanges };
  const page = await store.range<SentChangeRecord>("messageids", `${changesPrefix}${chatId}/`, newest);
  return page.map(({ value }) => value).reverse();
}
