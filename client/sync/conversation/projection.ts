/** Maps stored records to the items and summaries that the views get. */

import type { ChatMember, ChatSummary, MessageContent, MessagePreview, TimelineItem } from "../../api/engine_api.ts";
import type { Face } from "../../api/profiles_api.ts";
import { shownAttachments } from "../../attachments/attachment.ts";
import type { GroupData } from "../../mls/group_data.ts";
import { decodePicture, pictureId } from "../../content/profile.ts";
import { isBlank, isVisible } from "../../content/visible_text.ts";
import { contentOf } from "./message_line.ts";
import type { ConversationRecord, LineRecord } from "./records.ts";
import { marksOf } from "./preferences.ts";
import { desyncOf, isIn, isShown } from "./standing.ts";

/** @returns the item that the views get for a line */
export function itemOf(line: LineRecord): TimelineItem {
  if (line.kind === "notice") {
    const { name } = line.values;
    return name !== undefined && isBlank(name) ? { ...line, values: { ...line.values, name: "" } } : { ...line };
  }
  const { kind, messageId, order, sender, senderKey, own, elsewhere, revokedDevice, atMs, state, errorCode } = line;
  const { timerMs, untilMs } = line;
  return {
    kind,
    messageId,
    order,
    sender,
    senderKey,
    own,
    ...(elsewhere && { elsewhere }),
    ...(revokedDevice && { revokedDevice }),
    atMs,
    state,
    ...(errorCode !== undefined && { errorCode }),
    ...(timerMs !== undefined && { timerMs }),
    ...(untilMs !== undefined && { expiresMs: untilMs }),
    ...shownOf(contentOf(line)),
  };
}

/** What nobody can see is said to be there: texts, and signs of reactions. Keys of files stay here. */
function shownOf(content: MessageContent): MessageContent {
  const { reactions, attachments } = content;
  const signs = reactions?.some(({ text }) => isBlank(text))
    ? reactions.map((reaction) => isBlank(reaction.text) ? { ...reaction, text: "\ufffd" } : reaction)
    : reactions;
  return {
    ...content,
    ...(signs && { reactions: signs }),
    ...(attachments ? { attachments: shownAttachments(attachments) } : blankOf(content)),
  };
}

function blankOf({ text, deleted, unsupported, attached }: MessagePreview): { blank?: true } {
  return !deleted && !unsupported && !attached && isBlank(text) ? { blank: true } : {};
}

/** The directory's marks of a member, none for most, and what it shows of itself. */
export type PinMarks = (
  member: { username: string; /** hex */ accountKey: string },
) => Pick<ChatMember, "verified" | "keyChanged" | "keyReplaced" | "blocked" | keyof Face>;

/** @returns the keys, as hex, of the people of all chats that the account is or was in and that are no invitations */
export function acquaintances(conversations: { record: Readonly<ConversationRecord> }[]): Set<string> {
  const known = conversations.map(({ record }) => record).filter((record) => !record.invitation && isShown(record))
    .flatMap(({ peer, members }) => [...(peer ? [peer] : []), ...members]);
  return new Set(known.map(({ accountKey }) => accountKey));
}

/** @returns marks without pictures of people who are known from invitations alone: strangers' files stay unopened */
export function picturesOfKnown(
  conversations: { record: Readonly<ConversationRecord> }[],
  ownKey: string,
  marks: PinMarks,
): PinMarks {
  let known: Set<string> | undefined;
  return (member) => {
    const { pictureId, ...others } = marks(member);
    if (pictureId === undefined) return others;
    known ??= acquaintances(conversations).add(ownKey);
    return known.has(member.accountKey) ? { ...others, pictureId } : others;
  };
}

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
    // What has ended asks for nothing any more.
    invitation: record.invitation && isIn(record),
    ...(record.invitation && record.needsAcceptance && { needsAcceptance: true as const }),
    ...(record.invitation && record.inviterRevoked && { inviterRevoked: true as const }),
    ...(record.invitation && record.onOtherDevices && { onOtherDevices: true as const }),
    active: isIn(record) && desyncOf(record) === undefined,
    ...(isIn(record) && desyncOf(record) && { recovering: true as const }),
    features: [...record.features ?? []],
    ...settingsOf(record.data, record.invitation),
    unread: record.unread,
    ...(record.unread > 0 && record.reading?.from !== undefined && { unreadFrom: record.reading.from }),
    ...(record.lastMessage && { lastMessage: lastMessageOf(record.lastMessage) }),
    ...(record.unread > 0 && record.reading?.mentions && { mentions: record.reading.mentions.length }),
    activityMs: record.activityMs,
    ...marksOf(record.preferences),
    ...(draft !== undefined && { draft }),
  };
}

function settingsOf(
  { timerMs, description, picture }: GroupData = {},
  invitation: boolean,
): Pick<ChatSummary, "timerMs" | "description" | "pictureId"> {
  const reference = invitation ? undefined : decodePicture(picture);
  return {
    ...(timerMs !== undefined && { timerMs }),
    ...(description !== undefined && isVisible(description) && { description }),
    ...(reference && { pictureId: pictureId(reference) }),
  };
}

/** A name that nobody can see comes from a version that allowed it. @returns the name, else the members' names */
function groupTitle(name: string, others: { username: string }[], own: string): string {
  if (isVisible(name)) return name;
  return others.length > 0 ? others.slice(0, 5).map(({ username }) => username).join(", ") : own;
}

function lastMessageOf(
  { order, ...shown }: NonNullable<ConversationRecord["lastMessage"]>,
): ChatSummary["lastMessage"] {
  return { ...shown, ...blankOf(shown), ...(shown.own && order !== undefined && { order }) };
}
