/** The engine's calls about receipts, and about what an account tells others of itself: a part of EngineApi. */

import type { MessageItem, MessageRef, MessageState } from "./timeline.ts";

/** Up to which `order` all others of a chat have received and read its messages; "" for none. */
export interface ReceiptMarks {
  delivered: string;
  read: string;
}

/** How far a message is, as it is shown. */
export type ShownState = MessageState | "delivered" | "read";

/** @returns how far a message is: "delivered" and "read" of an own one come from the chat's marks */
export function stateWith(
  { own, state, order }: Pick<MessageItem, "own" | "state" | "order">,
  { delivered, read }: ReceiptMarks,
): ShownState {
  if (!own || state !== "sent") return state;
  return order <= read ? "read" : order <= delivered ? "delivered" : state;
}

/** What is known of one message. */
export interface MessageInfo {
  /** When an own message was written, by this device's clock, in ms; of another one: its time in the chat. */
  sentMs: number;
  /** Of an own message: who has received it and who has read it. `atMs`: when that was told, where it is known. */
  delivered: { username: string; atMs?: number }[];
  readBy: { username: string; atMs?: number }[];
}

/** What an account tells others of itself. Who does not tell it is not shown it of others either. */
export interface PrivacySettings {
  /** Others see which messages were read. */
  readReceipts: boolean;
  /** Others see that the user is typing. */
  typing: boolean;
}

/** All methods reject with EngineError. */
export interface ReceiptsApi {
  /** How far the others of a chat have come; an event `marks` tells of changes. {@link stateWith} uses it. */
  receiptMarks(chatId: string): Promise<ReceiptMarks>;
  /** Who has received and read an own message; undefined where the message is no longer on this device. */
  messageInfo(chatId: string, message: MessageRef): Promise<MessageInfo | undefined>;
  /** The same on all devices of the account; an event `people` tells of changes. */
  privacy(): Promise<PrivacySettings>;
  /** Changes what is named. It needs a connection (L001). */
  changePrivacy(change: Partial<PrivacySettings>): Promise<void>;
}
