/** A message whose files are on their way to the server: it goes into the outbox when they are there. */

import type { WaitingBlob } from "../../attachments/blob_upload.ts";
import { keys } from "../conversation/records.ts";

/** The store "account", by {@link uploadKey}, from the message's line on until the outbox has the message. */
export interface UploadRecord {
  chatId: string;
  /** hex */
  messageId: string;
  /** Those that are not on the server yet may be among them: sending one again is harmless. */
  blobs: WaitingBlob[];
  /** The user has stopped it. */
  paused?: true;
  /** It was given up, with this code, until the user tries again. */
  failed?: string;
}

/** @returns the key of a message's record */
export function uploadKey({ chatId, messageId }: Pick<UploadRecord, "chatId" | "messageId">): string {
  return `${keys.uploads(chatId)}${messageId}`;
}
