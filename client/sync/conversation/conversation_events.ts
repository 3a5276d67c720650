/**
 * What happens to conversations, as one typed emitter: the parts of the sync tell it what they did, after it
 * is on disk, and client/engine/event_wiring.ts says which part acts on it.
 */

import { createNanoEvents, type Emitter } from "nanoevents";
import type { Entry } from "../../../schema/rpc/methods.ts";
import type { Bytes } from "../../../schema/bytes.ts";
import type { ReceiptMarks } from "../../api/engine_api.ts";
import type { FaceRecord } from "./faces.ts";
import type { OutboxRecord } from "./outbox_record.ts";

/** Each event and what it carries. `chatId` names the conversation. */
export interface ConversationEventMap {
  /** The group is in another epoch: messages may be sealed again, a commit may be built again. */
  epochChanged(chatId: string): void;
  /** The own commit was merged. */
  commitMerged(chatId: string): void;
  /** Another member's commit won. The plan of the own one is still stored. */
  commitLost(chatId: string): void;
  /** A member asked to leave: another member has to commit that. */
  leaveProposed(chatId: string): void;
  /** This device is out of the group. */
  ended(chatId: string): void;
  /** The account has taken the invitation to the chat: here, also by an answer, or on another device. */
  accepted(chatId: string): void;
  /** A Welcome put this device into the group. */
  joined(chatId: string): void;
  /** The conversation goes on in a replacement channel. `resend`: own messages to send once more there. */
  moved(chatId: string, resend: OutboxRecord[]): void;
  /** An entry could not be followed, and no later one can be: help is needed. */
  fellOutOfStep(chatId: string): void;
  /** This device's state is older than what it did already. */
  rolledBack(chatId: string): void;
  /** The server did not take what was sealed in the own epoch. `code`: E015, E016 or E017 as a number. */
  suspected(chatId: string, code: number): void;
  /** The server's list of members differs from the group's. */
  serverListDiffers(chatId: string): void;
  /** A later message has edited, deleted or reacted to an own line. */
  lineChanged(chatId: string, order: string, isDeleted: boolean): void;
  /** The time of a message that disappears has begun (effects/disappearing.ts). */
  timed(): void;
  /** The user has deleted all lines of the conversation on this device. */
  erased(chatId: string): void;
  /** The server took an own message. */
  sent(chatId: string): void;
  /** A message of somebody else has come. */
  received(chatId: string): void;
  /** Somebody (account key as hex) shows something else. */
  faceChanged(accountKey: string, face: FaceRecord): void;
  /** The own receipt or profile is on the server, or was given up: what has happened since may be told. */
  receiptSettled(chatId: string): void;
  /** Receipts have moved the marks of the conversation. */
  marks(chatId: string, marks: ReceiptMarks): void;
  /** Another device of the account has told that so much was received and read. */
  toldElsewhere(chatId: string, told: ReceiptMarks): void;
  /** Another member's commit added a device that is known to be revoked. */
  revokedAdded(chatId: string): void;
  /** A message waits until somebody's leave, or a revoked device, is committed. */
  blockedByCommit(chatId: string): void;
  /** A message did not open, and it is not a repeat. `key`: of its record (missed_messages.ts). */
  missed(chatId: string, key: string): void;
  /**
   * What a device gave to this one alone did not open: this device's leaf key has changed meanwhile. `from`: that
   * device's recipientKey. `n`: the epoch of the message.
   */
  givenUnopened(chatId: string, from: Bytes, message: { messageId: Bytes; n: number }): void;
  /** A Welcome did not open: to a channel that is not known here, or of a conversation that this device is out of. */
  welcomeLost(entry: Entry): void;
  /** This device has left at its user's wish, and the group may not know it. */
  leftUnseen(chatId: string): void;
  /** Somebody is still in a channel (hex) that the conversation has left. */
  leftChannelUsed(chatId: string, left: string): void;
  /** Somebody is heard in a channel that an admin had called left: messages may be sent again. */
  heardAgain(chatId: string): void;
  /** A replacement channel was refused, and the group may be in two parts. */
  replacementRefused(chatId: string, channelId: Bytes, due: ReunionStep): void;
}

/**
 * What brings both parts together. `ask`: an admin whom both know is asked to lead (GRP-5.2). `replace`: an admin's
 * device replaces its own channel in turn (GRP-5.1).
 */
export type ReunionStep = "ask" | "replace";

export type ConversationEvents = Emitter<ConversationEventMap>;

/** @returns an emitter without listeners */
export function createConversationEvents(): ConversationEvents {
  return createNanoEvents<ConversationEventMap>();
}
