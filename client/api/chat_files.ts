/** The attachments of a chat: what the engine lists, and the same of items that a view has. */

import type { AttachmentInfo } from "./attachments.ts";
import type { MessageRef, TimelineItem } from "./timeline.ts";

/** Which attachments of a chat are listed: pictures and videos, spoken messages, or everything else. */
export type ChatFileKind = "media" | "voice" | "files";

/** An attachment of a chat, and the message that it came with. */
export interface ChatFile {
  message: MessageRef;
  /** Username. */
  sender: string;
  /** hex, 32 bytes */
  senderKey: string;
  atMs: number;
  /** Of the attachment in its message. */
  index: number;
  attachment: AttachmentInfo;
}

/** A part of a chat's attachments, newest first. It can be empty where there are more. */
export interface ChatFilePage {
  files: ChatFile[];
  /** Hand it to `chatFiles` as `before` for what is older; absent at the start of the conversation. */
  before?: string;
}

/** @returns the attachments of an item that a kind names, in their order */
export function filesOf(item: TimelineItem, kind: ChatFileKind): ChatFile[] {
  if (item.kind !== "message" || item.deleted || !item.attachments) return [];
  const { order, messageId, sender, senderKey, atMs } = item;
  return item.attachments.flatMap((attachment, index) =>
    listOf(attachment) === kind ? { message: { order, messageId }, sender, senderKey, atMs, index, attachment } : []
  );
}

function listOf({ kind }: AttachmentInfo): ChatFileKind {
  if (kind === "image" || kind === "video") return "media";
  return kind === "voice" ? "voice" : "files";
}

/**
 * @param files in any order
 * @returns them by place, oldest first, an album in its order, each once
 */
export function oldestFirst(files: readonly ChatFile[]): ChatFile[] {
  const byKey = new Map(files.map((file) => [`${file.message.messageId}/${file.index}`, file]));
  return [...byKey.values()].sort((a, b) =>
    a.message.order < b.message.order ? -1 : a.message.order > b.message.order ? 1 : a.index - b.index
  );
}
