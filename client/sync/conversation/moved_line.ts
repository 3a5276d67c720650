/**
 * Gives an own message another place in its conversation, with all that refers to it by its place.
 *
 * It is one unit of work with what is the reason, so that after a crash the message has either both or none.
 */

import { type Bytes, toHex } from "../../../schema/bytes.ts";
import { accountUri, mimiMessageId, roomUri } from "../../content/message_id.ts";
import { decodeMimiContent } from "../../content/mimi_content.ts";
import type { ConversationTransaction } from "./conversation_transaction.ts";
import type { MessageLine } from "./message_line.ts";
import { claimedPlace, countOf, isWaitingKey, noPlaces, placeKey, placeStart, type Said } from "./places.ts";
import { type EditedRecord, keys, type LineRecord, type SeenRecord } from "./records.ts";
import type { SyncContext } from "./sync_context.ts";
import type { UnitOfWork } from "./unit_of_work.ts";

type Context = Pick<SyncContext, "account" | "ownKey" | "store">;

/** How many lines are read at once to find the newest message. */
const linesAtOnce = 20;

/** Where an own message belongs that the server has taken, and what time it shows there. */
export interface TakenPlace {
  order: string;
  /** The server's time, in ms; undefined where the server's word is not believed. */
  atMs?: number;
}

/**
 * The place that the server has answered for a message that waited. It is not believed where it would put the message
 * before lines that stood there when it was written, or far into the future: then the message stands behind all that
 * have a place.
 *
 * @param order of the line while it waited
 * @param said the server's answer
 * @param behind see OutboxRecord
 */
export function takenPlace(
  conversation: ConversationTransaction,
  order: string,
  said: Said,
  { behind = "", nowMs }: { behind?: string | undefined; nowMs: number },
): TakenPlace {
  const { places = noPlaces } = conversation.record;
  const place = claimedPlace(said, nowMs, places.received);
  if (place === undefined || placeStart(places, place) <= behind) return { order: conversation.reservePlace() };
  conversation.changes.notePlace(place);
  // The number of the line stays: it came when it was written.
  return { order: placeKey(places, place, countOf(order)), atMs: said.receivedMs };
}

/** Where a line comes from, and what it is. */
export interface MovingLine {
  /** The place that it leaves. */
  from: string;
  /** The container's bytes, from which its MIMI id follows. */
  content: Bytes;
  /** That id as hex, where it is at hand. */
  mimiId?: string | undefined;
}

/** Moves a line, and all that names it by its place. @param line as it is from now on @throws StorageError */
export async function moveLine(
  { account, ownKey, store }: Context,
  unit: UnitOfWork,
  conversation: ConversationTransaction,
  line: MessageLine,
  { from, content, mimiId }: MovingLine,
): Promise<void> {
  const { id: chatId, record: { firstChannelId } } = conversation;
  const id = mimiId ?? await ownMimiId(account.accountKey, firstChannelId, content);
  const seen: SeenRecord = { order: line.order, atMs: line.atMs };
  unit.put("messageids", keys.mimi(chatId, id), seen);
  // The entry under the messageId of a message that waits names the MIMI id already.
  if (!isWaitingKey(from)) unit.put("messageids", keys.seen(chatId, ownKey, line.messageId), { ...seen, of: id });
  if (line.edited) await moveEdited(store, unit, chatId, line.order, from);
  const wasNewest = conversation.changes.move(line, from);
  const isLast = isWaitingKey(line.order) || line.order.startsWith(conversation.changes.newestStart());
  const newest = wasNewest && !isLast ? await newestMessage(store, conversation) : undefined;
  if (newest && newest.order !== line.order) conversation.changes.preview(newest);
}

async function ownMimiId(accountKey: Bytes, firstChannelId: Bytes, content: Bytes): Promise<string> {
  const { salt } = decodeMimiContent(content);
  return toHex(await mimiMessageId(accountUri(accountKey), roomUri(firstChannelId), content, salt));
}

/**
 * @param messageId of an own message, as hex
 * @returns where its line stands, and its MIMI id where that is known; undefined for a message that is not known
 * @throws StorageError
 */
export async function ownMessage(
  { ownKey, store }: Pick<Context, "ownKey" | "store">,
  chatId: string,
  messageId: string,
): Promise<{ order: string; mimiId?: string } | undefined> {
  const seen = await store.get<SeenRecord>("messageids", keys.seen(chatId, ownKey, messageId));
  if (seen?.of === undefined) return seen && { order: seen.order };
  const { order } = await store.get<SeenRecord>("messageids", keys.mimi(chatId, seen.of)) ?? seen;
  return { order, mimiId: seen.of };
}

async function moveEdited(
  store: Context["store"],
  unit: UnitOfWork,
  chatId: string,
  order: string,
  from: string,
): Promise<void> {
  const edited = await unit.read<EditedRecord>(store, "messageids", keys.edited(chatId, from));
  if (!edited) return;
  unit.delete("messageids", keys.edited(chatId, from));
  unit.put("messageids", keys.edited(chatId, order), { ...edited, order } satisfies EditedRecord);
}

/** @returns the message with the last place, as it will be after the unit's write */
export async function newestMessage(
  store: Context["store"],
  { id, changes }: ConversationTransaction,
): Promise<MessageLine | undefined> {
  let newest: MessageLine | undefined;
  const consider = (line: LineRecord) => {
    if (line.kind === "message" && (!newest || newest.order <= line.order)) newest = line;
  };
  changes.lines.forEach(consider);
  let before: string | undefined;
  for (;;) {
    const page = await store.range<LineRecord>("messages", `${id}/`, {
      reverse: true,
      limit: linesAtOnce,
      ...(before !== undefined && { before }),
    });
    const found = page.map(({ value }) => value).find((line) =>
      line.kind === "message" && !changes.hasLeft(line.order)
    );
    // What the unit has changed is newer than what is on disk.
    if (found && !changes.lines.some(({ order }) => order === found.order)) consider(found);
    if (found || page.length < linesAtOnce) return newest;
    before = page.at(-1)!.key;
  }
}
