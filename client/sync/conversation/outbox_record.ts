/** A message or a leave request that waits for the server's answer, in memory and on disk. */

import type { Bytes } from "../../../schema/bytes.ts";
import type { SentAt } from "./device_history.ts";

/** The store "outbox", by chatId and order. */
export interface OutboxRecord {
  chatId: string;
  /** hex */
  messageId: string;
  order: string;
  kind: "message" | "leave";
  /** The message has no line of its own: it changes another one. */
  isChange?: true;
  /** It is a receipt, which names these places. It is sealed once: a later one says what it would have said. */
  receipt?: { delivered: string; read: string };
  /** It is the own profile of this number. It is sealed once, as a receipt. */
  profile?: number;
  /** MIMI bytes, kept until the server has the message, to seal again in another epoch. Empty for "leave". */
  content: Bytes;
  /** Absent while the message can not be sealed yet. */
  sealed?: {
    epoch: number;
    envelope: Bytes;
    /** The channel as hex, where it is not the chatId. */
    channel?: string;
    /** Of a message: its place in the sender's ratchet. Absent in records of earlier versions. */
    generation?: number;
  };
  /** The message's MIMI id as hex. Absent in records of earlier versions, and of resends. */
  mimiId?: string;
  /**
   * The start of the newest line's place (places.ts) when the message was written: it never stands before that line,
   * whatever the server answers. Absent in records of earlier versions, and of resends.
   */
  behind?: string;
  /**
   * The message was sent before, and is resent since this time, in ms since the Unix epoch. Its line already
   * says "sent".
   */
  resendSinceMs?: number;
  /**
   * Accounts as hex that could not read the message at its first sending. It waits while one of them is in
   * the group.
   */
  excludedAccounts?: string[];
  /** Where a resend was sent first. It waits while a device that came later is in the group (GRP-6.8). */
  firstSent?: SentAt;
  /**
   * Of a resend that waits: the devices (recipientKeys as hex) that were there at its first sending and still lack it,
   * as far as this device knows. Absent until it was given to them, each alone (resend_alone.ts).
   */
  toGive?: string[];
}

/** Whether a message says what the account tells of itself, and no message of the user: nothing keeps it. */
export function isTold({ receipt, profile }: Pick<OutboxRecord, "receipt" | "profile">): boolean {
  return receipt !== undefined || profile !== undefined;
}

/** A waiting message as it is on disk. The property names are those of the first version. */
export type StoredOutbox = Omit<OutboxRecord, "resendSinceMs" | "excludedAccounts"> & {
  againMs?: number;
  notFor?: string[];
};

/** @returns the record in memory */
export function outboxFromStored({ againMs, notFor, ...same }: StoredOutbox): OutboxRecord {
  return {
    ...same,
    ...(againMs !== undefined && { resendSinceMs: againMs }),
    ...(notFor && { excludedAccounts: notFor }),
  };
}

/** @returns the record for the disk in "outbox" */
export function outboxToStored({ resendSinceMs, excludedAccounts, ...same }: OutboxRecord): StoredOutbox {
  return {
    ...same,
    ...(resendSinceMs !== undefined && { againMs: resendSinceMs }),
    ...(excludedAccounts && { notFor: excludedAccounts }),
  };
}
