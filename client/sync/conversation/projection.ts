/** Maps stored records to the items and summaries that the views get. */

import type { ChatMember, ChatSummary, MessageContent, MessagePreview, TimelineItem } from "../../api/engine_api.ts";
import { isBlank, isVisible } from "../../content/visible_text.ts";
import { contentOf } from "./message_line.ts";
import type { ConversationRecord, LineRecord } from "./records.ts";
import { desyncOf, isIn } from "./standing.ts";

/** @returns the item that the views get for a line */
export function itemOf(line: LineRecord): TimelineItem {
  if (line.kind === "notice") {
    const { name } = line.values;
    return name !== undefined && isBlank(name) ? { ...line, values: { ...line.values, name: "" } } : { ...line };
  }
  const { kind, messageId, order, sender, own, elsewhere, revokedDevice, atMs, state, errorCode } = line;
  return {
    kind,
    messageId,
    order,
    sender,
    own,
    ...(elsewhere && { elsewhere }),
    ...(revokedDevice && { revokedDevice }),
    atMs,
    state,
    ...(errorCode !== undefined && { errorCode }),
    ...shownOf(contentOf(line)),
  };
}

/** What nobody can see is said to be there: texts, and signs of reactions. */
function shownOf(content: MessageContent): MessageContent {
  const { reactions } = content;
  const signs = reactions?.some(({ text }) => isBlank(text))
    ? reactions.map((reaction) => isBlank(reaction.text) ? { ...reaction, text: "\ufffd" } : reaction)
    : reactions;
  return { ...content, ...(signs && { reactions: signs }), ...blankOf(content) };
}

function blankOf({ text, deleted, unsupported }: MessagePreview): { blank?: true } {
  return !deleted && !unsupported && isBlank(text) ? { blank: true } : {};
}

/** The directory's marks of a member; none for most members. */
export type PinMarks = (
  member: { username: string; /** hex */ accountKey: string },
) => Pick<ChatMember, "verified" | "keyChanged" | "keyReplaced">;

/**
 * @param own this device's account
 * @param draft a text that was begun in the chat
 */
export function summaryOf(
  chatId: string,
  record: ConversationRecord,
  own: { username: string; accountKey: string },
  marks: PinMarks,
  draft?: string,
): ChatSummary {
  const others = record.members.filter(({ accountKey }) => accountKey !== own.accountKey);
  const directTitle = record.peer?.username ?? others[0]?.username ?? own.username;
  return {
    chatId,
    title: record.kind === "direct" ? directTitle : groupTitle(record.name, others, own.username),
    kind: record.kind,
    members: record.members.map((member) => ({
      ...member,
      ...marks(member),
      self: member.accountKey === own.accountKey,
    })),
    invitation: record.invitation,
    ...(record.invitation && record.needsAcceptance && { needsAcceptance: true as const }),
    ...(record.invitation && record.inviterRevoked && { inviterRevoked: true as const }),
    active: isIn(record) && desyncOf(record) === undefined,
    ...(isIn(record) && desyncOf(record) && { recovering: true as const }),
    unread: record.unread,
    ...(record.unread > 0 && record.reading?.from !== undefined && { unreadFrom: record.reading.from }),
    ...(record.lastMessage && { lastMessage: lastMessageOf(record.lastMessage) }),
    activityMs: record.activityMs,
    ...(draft !== undefined && { draft }),
  };
}

/** A name that nobody can see comes from a version that allowed it. @returns the name, else the members' names */
function groupTitle(name: string, others: { username: string }[], own: string): string {
  if (isVisible(name)) return name;
  return others.length > 0 ? others.slice(0, 5).map(({ username }) => username).join(", ") : own;
}

function lastMessageOf(
  { order: _place, ...shown }: NonNullable<ConversationRecord["lastMessage"]>,
): ChatSummary["lastMessage"] {
  return { ...shown, ...blankOf(shown) };
}
