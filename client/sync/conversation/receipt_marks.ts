/** How far the others of a conversation have received and read it, as their receipts say (specification §7.9). */

import type { ReceiptMarks } from "../../api/engine_api.ts";
import { isWaitingKey } from "./places.ts";
import type { ConversationRecord } from "./records.ts";
import { desyncOf, isMember } from "./standing.ts";

/** Receipts are sent and shown in conversations of at most so many accounts, the own one included. */
export const maxReceiptAccounts = 32;

/** How far an account has come. */
export interface Mark {
  /** The place up to which, and the one that its receipt before had named; "" for none. */
  to: string;
  from: string;
  /** When the receipt came, in ms by the server's clock. */
  atMs: number;
}

/** What is known of one account. The names are stored. */
export interface AccountMarks {
  /** It came into the conversation behind this place: what stands before is none of its concern. */
  since?: string;
  delivered?: Mark;
  read?: Mark;
  /** It has named an own message (MIMI id as hex) that had no place yet. */
  ahead?: { delivered?: string; read?: string; atMs: number };
}

/** In "epochs": by account key as hex. Accounts that are no members are not in it. */
export type ReceiptsRecord = Record<string, AccountMarks>;

/** Whether the conversation has receipts at all: few accounts, and every device understands them. */
export function hasReceipts({ members, features }: Readonly<ConversationRecord>): boolean {
  return members.length > 1 && members.length <= maxReceiptAccounts && features?.includes("receipts") === true;
}

/** Whether this device may tell the others of a conversation what it has received. */
export function maySendReceipts(
  record: Readonly<ConversationRecord>,
  isBlocked: (accountKey: string) => boolean,
): boolean {
  return hasReceipts(record) && isMember(record) && desyncOf(record) === undefined && !record.invitation &&
    !record.leaving && !record.members.some(({ accountKey }) => isBlocked(accountKey));
}

/**
 * @param others account keys as hex: the members now
 * @param place behind the newest line: where who is not known yet came in; undefined at the first look
 * @returns the record with all of them, and nobody else; the same one where nothing changes
 */
export function withMembers(before: ReceiptsRecord, others: string[], place: string | undefined): ReceiptsRecord {
  const isSame = others.length === Object.keys(before).length && others.every((key) => key in before);
  if (isSame) return before;
  return Object.fromEntries(
    others.map((key) => [key, before[key] ?? (place === undefined ? {} : { since: place })]),
  );
}

/** A place that a receipt names, or an own message without one. */
export type Named = { order: string } | { waiting: string } | undefined;

/**
 * @returns the marks after a receipt. They never go back, and what was read was received
 */
export function afterReceipt(
  before: AccountMarks,
  { delivered, read }: { delivered: Named; read: Named },
  atMs: number,
): AccountMarks {
  const [received, seen] = [placeOf(delivered), placeOf(read)];
  const ahead = {
    ...(delivered && "waiting" in delivered && { delivered: delivered.waiting }),
    ...(read && "waiting" in read && { read: read.waiting }),
  };
  const { ahead: _before, ...rest } = before;
  const readTo = moved(before.read, seen, atMs);
  const deliveredTo = moved(before.delivered, received > seen ? received : seen, atMs);
  return {
    ...rest,
    ...(deliveredTo && { delivered: deliveredTo }),
    ...(readTo && { read: readTo }),
    ...(Object.keys(ahead).length > 0 && { ahead: { ...ahead, atMs } }),
  };
}

function placeOf(named: Named): string {
  return named && "order" in named ? named.order : "";
}

function moved(before: Mark | undefined, to: string, atMs: number): Mark | undefined {
  return to > (before?.to ?? "") ? { to, from: before?.to ?? "", atMs } : before;
}

/**
 * @param showsRead false where the user does not tell what was read
 * @returns up to which place all others have received and read
 */
export function marksOf(
  record: Readonly<ConversationRecord>,
  receipts: ReceiptsRecord,
  ownKey: string,
  showsRead: boolean,
): ReceiptMarks {
  const others = record.members.filter(({ accountKey }) => accountKey !== ownKey);
  if (!hasReceipts(record) || others.length === 0) return { delivered: "", read: "" };
  const least = (reach: (marks: AccountMarks) => string) =>
    others.map(({ accountKey }) => reach(receipts[accountKey] ?? {})).sort()[0];
  const from = ({ since = "" }: AccountMarks, to = "") => to > since ? to : since;
  return {
    delivered: least((marks) => from(marks, marks.delivered?.to)),
    read: showsRead ? least((marks) => from(marks, marks.read?.to)) : "",
  };
}

/** @returns whether a message at that place is one that a mark stands for, and when it came if that is known */
export function reached(
  mark: Mark | undefined,
  { since = "" }: AccountMarks,
  order: string,
): { atMs?: number } | false {
  if (!mark || isWaitingKey(order) || order > mark.to || order <= since) return false;
  return order > mark.from ? { atMs: mark.atMs } : {};
}
