/** Takes receipts of others and of the own account's other devices, and says what came of them. */

import { fromHex, toHex } from "../../../schema/bytes.ts";
import type { MessageInfo, MessageRef, ReceiptMarks } from "../../api/engine_api.ts";
import type { Receipt } from "../../content/receipt.ts";
import type { ConversationTransaction } from "../conversation/conversation_transaction.ts";
import { messageLine } from "../conversation/line_lookup.ts";
import { isWaitingKey } from "../conversation/places.ts";
import { afterReading } from "../conversation/reading.ts";
import {
  afterReceipt,
  hasReceipts,
  marksOf,
  type Named,
  reached,
  type ReceiptsRecord,
  withMembers,
} from "../conversation/receipt_marks.ts";
import { keys, type SeenRecord } from "../conversation/records.ts";
import type { SyncContext } from "../conversation/sync_context.ts";
import type { UnitOfWork } from "../conversation/unit_of_work.ts";
import { beginTime } from "./begin_time.ts";

/** A receipt, and whose it is by the MLS leaf. */
export interface ReceivedReceipt {
  receipt: Receipt;
  /** Account key as hex. */
  senderKey: string;
  atMs: number;
}

/**
 * Takes a receipt. One that names nothing that this device knows of the conversation, or less than one before, changes
 * nothing. One of the own account says what was read on another device.
 *
 * @throws StorageError
 */
export async function takeReceipt(
  context: SyncContext,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  { receipt, senderKey, atMs }: ReceivedReceipt,
): Promise<void> {
  const { record, id: chatId } = conversation;
  if (!hasReceipts(record) || !record.members.some(({ accountKey }) => accountKey === senderKey)) return;
  const named = {
    delivered: await placeOf(context, unit, chatId, receipt.delivered),
    // Who does not tell what was read is not told it either.
    read: context.privacy.readReceipts ? await placeOf(context, unit, chatId, receipt.read) : undefined,
  };
  if (senderKey === context.ownKey) {
    const [delivered, read] = [orderOf(named.delivered), orderOf(named.read)];
    unit.onceStored(() => context.events.emit("toldElsewhere", chatId, { delivered, read }));
    return;
  }
  const before = await recordOf(context, unit, chatId);
  const after = { ...before, [senderKey]: afterReceipt(before[senderKey] ?? {}, named, atMs) };
  keep(context, unit, conversation, before, after);
}

async function recordOf({ store }: SyncContext, unit: UnitOfWork, chatId: string): Promise<ReceiptsRecord> {
  return await unit.read<ReceiptsRecord>(store, "epochs", keys.receipts(chatId)) ?? {};
}

function keep(
  { ownKey, events, privacy }: SyncContext,
  unit: UnitOfWork,
  { id: chatId, storageId: channelId, record }: ConversationTransaction,
  before: ReceiptsRecord,
  after: ReceiptsRecord,
): void {
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  unit.put("epochs", keys.receipts(chatId), after, { channelId });
  const [old, now] = [before, after].map((receipts) => marksOf(record, receipts, ownKey, privacy.readReceipts));
  if (old.delivered === now.delivered && old.read === now.read) return;
  unit.onceStored(() => events.emit("marks", chatId, now));
}

async function placeOf(
  { store }: SyncContext,
  unit: UnitOfWork,
  chatId: string,
  id: Uint8Array | undefined,
): Promise<Named> {
  if (!id) return undefined;
  const hex = toHex(id);
  const look = async (of: string) => await unit.read<SeenRecord>(store, "messageids", keys.mimi(chatId, of));
  const known = await look(hex);
  const seen = known?.of === undefined ? known : await look(known.of) ?? known;
  if (!seen) return undefined;
  const order = seen.erased ? seen.place ?? "" : seen.order;
  if (order === "") return undefined;
  return isWaitingKey(order) ? { waiting: hex } : { order };
}

function orderOf(named: Named): string {
  return named && "order" in named ? named.order : "";
}

/** What receipts have brought, for views, and what follows from changes of the conversation. */
export class Receipts {
  readonly #context: SyncContext;

  constructor(context: SyncContext) {
    this.#context = context;
  }

  /** @returns up to which place all others have received and read the conversation */
  async marks(chatId: string): Promise<ReceiptMarks> {
    const { conversations, ownKey, privacy } = this.#context;
    const record = conversations.get(chatId)?.record;
    if (!record || !hasReceipts(record)) return { delivered: "", read: "" };
    return marksOf(record, await this.#stored(chatId), ownKey, privacy.readReceipts);
  }

  /** @returns undefined for a message that is no longer on this device */
  async info(chatId: string, message: MessageRef): Promise<MessageInfo | undefined> {
    const { conversations, ownKey, privacy } = this.#context;
    const record = conversations.get(chatId)?.record;
    const line = record && await messageLine(this.#context, chatId, message);
    if (!line) return undefined;
    const info: MessageInfo = { sentMs: line.sentIn?.writtenMs ?? line.atMs, delivered: [], readBy: [] };
    if (!line.own || !hasReceipts(record)) return info;
    const receipts = await this.#stored(chatId);
    for (const { username, accountKey } of record.members) {
      const marks = receipts[accountKey];
      if (accountKey === ownKey || !marks) continue;
      const [got, seen] = [marks.delivered, marks.read].map((mark) => reached(mark, marks, line.order));
      if (got) info.delivered.push({ username, ...got });
      if (seen && privacy.readReceipts) info.readBy.push({ username, ...seen });
    }
    return info;
  }

  /** Own messages have got their places, or accounts have come and gone. @throws StorageError */
  async look(chatId: string): Promise<void> {
    const { conversations, ownKey, store } = this.#context;
    const known = conversations.get(chatId)?.record;
    if (!known || !hasReceipts(known)) return;
    const isDue = (receipts: ReceiptsRecord, others: string[]) =>
      withMembers(receipts, others, undefined) !== receipts || Object.values(receipts).some(({ ahead }) => ahead);
    const stored = await store.get<ReceiptsRecord>("epochs", keys.receipts(chatId));
    const othersOf = ({ members }: typeof known) =>
      members.map(({ accountKey }) => accountKey).filter((key) => key !== ownKey);
    if (stored && !isDue(stored, othersOf(known))) return;
    await conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation || !hasReceipts(conversation.record)) return;
      const before = await recordOf(this.#context, unit, chatId);
      const place = stored && `${conversation.changes.newestStart()}~`;
      const after: ReceiptsRecord = {};
      for (const [key, marks] of Object.entries(withMembers(before, othersOf(conversation.record), place))) {
        after[key] = await this.#settled(unit, chatId, marks);
      }
      keep(this.#context, unit, conversation, before, after);
    });
  }

  async #settled(unit: UnitOfWork, chatId: string, marks: ReceiptsRecord[string]): Promise<ReceiptsRecord[string]> {
    if (!marks.ahead) return marks;
    const { delivered, read, atMs } = marks.ahead;
    const find = (id: string | undefined) =>
      id === undefined ? undefined : placeOf(this.#context, unit, chatId, fromHex(id));
    return afterReceipt(marks, { delivered: await find(delivered), read: await find(read) }, atMs);
  }

  /** Another device of the account has told this. @throws StorageError */
  async toldElsewhere(chatId: string, { delivered, read }: ReceiptMarks): Promise<void> {
    const { conversations, store } = this.#context;
    await conversations.update(async (unit) => {
      const conversation = await unit.conversation(chatId);
      if (!conversation) return;
      const { unread, reading, receipts: told = { delivered: "", read: "" } } = conversation.record;
      const after = { delivered: later(told.delivered, delivered, read), read: later(told.read, read) };
      if (after.delivered !== told.delivered || after.read !== told.read) conversation.set({ receipts: after });
      if (unread === 0 || read === "") return;
      const seen = await afterReading(store, chatId, { unread, ...(reading && { reading }) }, read, "");
      if (seen.unread === unread) return;
      conversation.set(seen);
      const { to, late } = seen.reading;
      await beginTime(this.#context, unit, conversation, (order) => order <= to && !late?.includes(order));
    });
  }

  async #stored(chatId: string): Promise<ReceiptsRecord> {
    return await this.#context.store.get<ReceiptsRecord>("epochs", keys.receipts(chatId)) ?? {};
  }
}

function later(...places: string[]): string {
  return places.sort().at(-1)!;
}
