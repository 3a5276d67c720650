/**
 * The attachments of a conversation. Nothing lists them: the lines are walked, some at a time, so that attachments that
 * an earlier version stored are there too.
 */

import { filesOf } from "../../api/chat_files.ts";
import type { ChatFile, ChatFileKind, ChatFilePage } from "../../api/engine_api.ts";
import type { History } from "./history.ts";

/** Lines that one call looks through, in pages of the longest size. */
const linesAtOnce = 2_000;
const linesOfPage = 200;
/** A call ends once it has so many. A message's attachments stay together. */
const filesAtOnce = 60;

/**
 * @param history leaves out what is not shown: messages of people whom the user blocks, in groups
 * @param before an `order`: only what is older
 * @returns the attachments, newest first, those of one message in their order
 */
export async function chatFiles(
  history: Pick<History, "page">,
  chatId: string,
  kind: ChatFileKind,
  before?: string,
): Promise<ChatFilePage> {
  const files: ChatFile[] = [];
  let from = before;
  for (let lines = 0; lines < linesAtOnce && files.length < filesAtOnce; lines += linesOfPage) {
    const { items, before: next } = await history.page(chatId, from, linesOfPage);
    for (const item of items.toReversed()) files.push(...filesOf(item, kind));
    if (next === undefined) return { files };
    from = next;
  }
  return { files, before: from! };
}
