/** The newest message of a conversation, as its record keeps it for the chat list. */

import { previewOf } from "../../content/registry.ts";
import type { SealedStore } from "../../storage/sealed_store.ts";
import { contentOf, type MessageLine } from "./message_line.ts";
import { type ConversationRecord, keys, type LineRecord } from "./records.ts";

type KeptMessage = NonNullable<ConversationRecord["lastMessage"]>;

const linesAtOnce = 20;

/** @returns what the record keeps of a message's line */
export function lastMessageOf(line: MessageLine): KeptMessage {
  const { sender, atMs, order, own, state, timerMs } = line;
  return {
    ...previewOf(contentOf(line)),
    sender,
    atMs,
    ...(own && { own: true as const, state }),
    ...(timerMs !== undefined && { passes: true as const }),
    order,
  };
}

/** @returns whether the list shows the same of both */
export function isSameMessage(a: KeptMessage, b: KeptMessage): boolean {
  const fields = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof KeptMessage>;
  return [...fields].every((field) => a[field] === b[field]);
}

/**
 * The first version kept a text without its line's place, and did not take a deleted text out of the list.
 *
 * @param kept as it is on disk
 * @returns what the newest message's line says now, where the record has no place of it
 * @throws StorageError
 */
export async function currentMessage(
  store: Pick<SealedStore, "range">,
  chatId: string,
  kept: KeptMessage | undefined,
): Promise<KeptMessage | undefined> {
  if (!kept || kept.order !== undefined) return kept;
  let before: string | undefined;
  while (true) {
    const page = await store.range<LineRecord>("messages", keys.line(chatId, ""), {
      reverse: true,
      limit: linesAtOnce,
      ...(before !== undefined && { before }),
    });
    const line = page.map(({ value }) => value).find(({ kind }) => kind === "message");
    if (line?.kind === "message") return lastMessageOf(line);
    if (page.length < linesAtOnce) return kept;
    before = page.at(-1)!.key;
  }
}
