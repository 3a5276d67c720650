/**
 * The records of messages that did not open here (specification §3.8). Each keeps the place at which the message would
 * stand, and is counted by a line of the conversation.
 */

import type { SealedStore } from "../../storage/sealed_store.ts";
import type { ConversationTransaction } from "./conversation_transaction.ts";
import { keys, type LineRecord } from "./records.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

/** In "messageids", by {@link missedKey}. Kept for 30 days, or until the message has come. */
export interface MissedRecord {
  epoch: number;
  receivedMs: number;
  /** The place that is kept for it, and that of the line that counts it. */
  order: string;
  line: string;
  /** recipientKey as hex, of the device that the message names as its sender; absent where none can be asked. */
  device?: string;
  /** How often that device was asked, and when last, in ms. */
  asks: number;
  askedMs?: number;
  atMs: number;
}

/** @returns the start of the keys of all records of a chat */
export function missedPrefix(chatId: string): string {
  return `${chatId}/missed/`;
}

/** @param accountKey of the sender, as hex; "unknown" where the message names none @param messageId hex */
export function missedKey(chatId: string, accountKey: string, messageId: string): string {
  return `${missedPrefix(chatId)}${accountKey}/${messageId}`;
}

/** For this time, in ms, one line counts what does not open. What comes later gets another line. */
const oneLineMs = 24 * 3_600_000;

/** How many messages one line has records of. It counts further ones, and nobody is asked for them. */
export const maxMissed = 1_000;

/**
 * Notes a message that did not open, and counts it in the conversation's line.
 *
 * @param at the place in the conversation is kept for the message
 * @throws StorageError
 */
export async function noteMissed(
  { store }: { store: Pick<SealedStore, "get"> },
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  key: string,
  { nowMs, ...found }: Pick<MissedRecord, "epoch" | "receivedMs" | "device"> & { nowMs: number },
): Promise<void> {
  if (await unit.read<MissedRecord>(store, "messageids", key)) return;
  const order = conversation.reservePlace();
  const { unopened } = conversation.record;
  const counting = unopened && nowMs < unopened.atMs + oneLineMs
    ? await noticeAt(store, conversation, unopened.order)
    : undefined;
  let [line, count] = [unopened?.order ?? "", 1];
  if (counting?.notice === "unopened") {
    count = Number(counting.values.count) + 1;
    conversation.change({ ...counting, values: { ...counting.values, count: String(count) } });
  } else {
    line = conversation.append({
      kind: "notice",
      notice: "unopened",
      values: { count: "1" },
      atMs: found.receivedMs,
    });
    conversation.set({ unopened: { order: line, atMs: nowMs } });
  }
  if (count > maxMissed) return;
  unit.put("messageids", key, { ...found, order, line, asks: 0, atMs: nowMs } satisfies MissedRecord);
}

/**
 * The message has come: its line counts one less.
 *
 * @returns its record, with the place that is kept for it; undefined where it was not missed
 * @throws StorageError
 */
export async function noteFound(
  { store }: { store: Pick<SealedStore, "get"> },
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  key: string,
): Promise<MissedRecord | undefined> {
  if (!conversation.record.unopened) return undefined;
  const missed = await unit.read<MissedRecord>(store, "messageids", key);
  if (!missed) return undefined;
  unit.delete("messageids", key);
  const line = await noticeAt(store, conversation, missed.line);
  if (line?.notice === "unopened") {
    const { count, came = "0" } = line.values;
    const [left, found] = [Number(count) - 1, Number(came) + 1];
    conversation.change(
      left > 0
        ? { ...line, values: { count: String(left), came: String(found) } }
        : { ...line, notice: "reopened", values: { count: String(found) } },
    );
  }
  return missed;
}

async function noticeAt(
  store: Pick<SealedStore, "get">,
  { id, lines }: ConversationTransaction,
  order: string,
): Promise<Extract<LineRecord, { kind: "notice" }> | undefined> {
  const line = lines.findLast((changed) => changed.order === order) ??
    await store.get<LineRecord>("messages", keys.line(id, order));
  return line?.kind === "notice" ? line : undefined;
}
