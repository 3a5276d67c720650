/** Finds a message's line by what a view knows of it, and its MIMI id. */

import type { MessageRef } from "../../api/engine_api.ts";
import type { ConversationTransaction } from "./conversation_transaction.ts";
import type { MessageLine } from "./message_line.ts";
import { ownMessage } from "./moved_line.ts";
import { keys, type LineRecord, type SeenRecord } from "./records.ts";
import type { SyncContext } from "./sync_context.ts";

/** How many ids are read at once to find the one of a line that an earlier version wrote. */
const idsAtOnce = 500;

/**
 * @param ref as an item of the conversation had it: an own message may have another place since
 * @returns undefined when the line is no longer on this device
 * @throws StorageError
 */
export async function messageLine(
  context: Pick<SyncContext, "ownKey" | "store">,
  chatId: string,
  { order, messageId }: MessageRef,
): Promise<MessageLine | undefined> {
  const at = async (place: string) => {
    const line = await context.store.get<LineRecord>("messages", keys.line(chatId, place));
    return line?.kind === "message" && line.messageId === messageId ? line : undefined;
  };
  const line = await at(order);
  if (line) return line;
  const moved = await ownMessage(context, chatId, messageId);
  return moved && await at(moved.order);
}

/**
 * @returns the MIMI id of a line as hex; undefined where it is not known any more
 * @throws StorageError
 */
export async function mimiIdOf(
  context: Pick<SyncContext, "ownKey" | "store">,
  { id: chatId }: Pick<ConversationTransaction, "id">,
  line: MessageLine,
): Promise<string | undefined> {
  if (line.mimiId !== undefined) return line.mimiId;
  const own = line.own ? await ownMessage(context, chatId, line.messageId) : undefined;
  return own?.mimiId ?? await idOfPlace(context.store, chatId, line.order);
}

/** Earlier versions noted the place of an id, but not the id of a line: this reads the chat's ids until it comes. */
async function idOfPlace(
  store: SyncContext["store"],
  chatId: string,
  order: string,
): Promise<string | undefined> {
  const prefix = keys.mimi(chatId, "");
  let after: string | undefined;
  for (;;) {
    const page = await store.range<SeenRecord>("messageids", prefix, {
      limit: idsAtOnce,
      ...(after !== undefined && { after }),
    });
    // The id of an edit stands for its message, too (content_effects.ts); that of a reaction does not.
    const found = page.find(({ value }) => value.order === order && value.reaction === undefined);
    if (found) return found.key.slice(prefix.length);
    if (page.length < idsAtOnce) return undefined;
    after = page.at(-1)!.key;
  }
}
