/** Maps stored records to the items and summaries that the views get. */

import type { ChatMember, ChatSummary, TimelineItem } from "../../api/engine_api.ts";
import { contentOf } from "./message_item.ts";
import type { ChatRecord, ItemRecord } from "./records.ts";
import { desyncOf, isIn } from "./standing.ts";

/** @returns a stored item as the views get it */
export function itemOf(record: ItemRecord): TimelineItem {
  if (record.kind === "notice") return { ...record };
  const { kind, messageId, order, sender, own, elsewhere, atMs, state, errorCode } = record;
  return {
    kind,
    messageId,
    order,
    sender,
    own,
    ...(elsewhere && { elsewhere }),
    atMs,
    state,
    ...(errorCode !== undefined && { errorCode }),
    ...contentOf(record),
  };
}

/** The directory's marks of a member; none for most members. */
export type PinMarks = (
  member: { username: string; /** hex */ accountKey: string },
) => Pick<ChatMember, "verified" | "keyChanged" | "keyReplaced">;

/** @param own this device's account */
export function summaryOf(
  chatId: string,
  record: ChatRecord,
  own: { username: string; accountKey: string },
  marks: PinMarks,
): ChatSummary {
  const others = record.members.filter(({ accountKey }) => accountKey !== own.accountKey);
  const directTitle = record.peer?.username ?? others[0]?.username ?? own.username;
  return {
    chatId,
    title: record.kind === "direct" ? directTitle : record.name,
    kind: record.kind,
    members: record.members.map((member) => ({
      ...member,
      ...marks(member),
      self: member.accountKey === own.accountKey,
    })),
    invitation: record.invitation,
    ...(record.invitation && record.needsAcceptance && { needsAcceptance: true as const }),
    active: isIn(record) && desyncOf(record) === undefined,
    ...(isIn(record) && desyncOf(record) && { recovering: true as const }),
    unread: record.unread,
    ...(record.lastMessage && { lastMessage: lastMessageOf(record.lastMessage) }),
    activityMs: record.activityMs,
  };
}

function lastMessageOf(
  { order: _place, ...shown }: NonNullable<ChatRecord["lastMessage"]>,
): ChatSummary["lastMessage"] {
  return shown;
}
