/** What of a line is searched: the text of a message, the options of a poll, the names of files. Not notices. */

import type { MessageContent } from "../api/engine_api.ts";
import { contentOf } from "../sync/conversation/message_line.ts";
import type { LineRecord } from "../sync/conversation/records.ts";
import type { IndexedLine } from "./search_index.ts";

/** @returns the text that is searched; empty for what shows none */
export function searchedText({ text, deleted, unsupported, attachments = [], poll }: MessageContent): string {
  if (deleted || unsupported) return "";
  // A name like "tickets.pdf" begins a line of its own: a phrase does not run from one into the next by accident.
  return [text, ...poll?.options ?? [], ...attachments.map(({ name }) => name)].filter((part) => part !== "").join(
    "\n",
  );
}

/** @returns what the index learns of a line; undefined where nothing of it is searched */
export function indexedLine(chatId: string, line: LineRecord): IndexedLine | undefined {
  if (line.kind !== "message") return undefined;
  const text = searchedText(contentOf(line));
  return text === "" ? undefined : { chatId, order: line.order, atMs: line.atMs, sender: line.sender, text };
}
