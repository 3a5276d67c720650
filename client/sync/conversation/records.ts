/**
 * The records that the sync keeps on the device, by store, and their keys.
 *
 * Values are plain data. client/storage seals them. Names of stored properties never change; where the code uses
 * another word, a pair of functions maps between both.
 */

import type { Bytes } from "../../../schema/bytes.ts";
import type { LastMessage, MessageContent, NoticeKind } from "../../api/engine_api.ts";
import type { GroupData } from "../../mls/group_data.ts";
import type { DevicesSince } from "./device_history.ts";
import type { ProfileTold } from "./faces.ts";
import { countKey, type Places } from "./places.ts";
import type { ChatPreferences } from "./preferences.ts";
import type { DesyncCause, Standing } from "./standing.ts";

export type { CommitPlan, OwnChange, PendingRecord } from "./pending_record.ts";

/** A conversation, in the store "groups" by chatId: what chat list and guards need without decoding MLS state. */
export interface ConversationRecord {
  v: 1;
  /**
   * The conversation's present channel. It differs from the chatId after a move into a replacement channel
   * (specification §3.5).
   */
  channelId: Bytes;
  /** The conversation's first channel. Message ids are derived from it (specification §7.2). */
  firstChannelId: Bytes;
  kind: "direct" | "group";
  name: string;
  /**
   * The accounts in the newest epoch. They have their own record on disk (`keys.members`), because they grow
   * with the group, and the rest is written with every message.
   */
  members: ConversationMember[];
  /** Features that every leaf of the epoch names, and those of the own leaf. Absent in records of earlier versions. */
  features?: readonly string[];
  ownFeatures?: readonly string[];
  /** What the group's information has beside name and roles. */
  data?: GroupData | undefined;
  /**
   * Since when each member device is in the group, in a record of its own as well (`keys.devices`). Absent until the
   * first new epoch after an earlier version.
   */
  devices?: DevicesSince[];
  /** In a chat of two: the other account. It stays when that account has left. */
  peer?: { username: string; accountKey: string };
  standing: Standing;
  invitation: boolean;
  /**
   * An account from outside has invited this device back into the chat. An answer alone does not accept that
   * invitation, and waiting messages are held until the user accepts.
   */
  needsAcceptance?: true;
  /** Set with `needsAcceptance`: the device that added this one was known to be revoked (GRP-6.6). */
  inviterRevoked?: true;
  /** Of an invitation: the chat was none before, so it leads back into what the account had taken. */
  taken?: true;
  /** The vault says that the account has taken this channel, and nobody stands behind the group yet (own_chats.ts). */
  onOtherDevices?: true;
  /** The account that added this device, as hex. Absent in records of earlier versions, and in own chats. */
  inviter?: string;
  /** The user asked to leave; the removal is on its way. */
  leaving: boolean;
  unread: number;
  /** Where the unread messages stand. Absent in records of earlier versions on disk (reading.ts). */
  reading?: Reading;
  /** `order`: the place of its line. Absent in records of versions in which messages could not change. */
  lastMessage?: LastMessage & { order?: string };
  activityMs: number;
  /** What the user has decided about it in the list (preferences.ts). */
  preferences?: ChatPreferences;
  /** The user has deleted it here, and nothing has happened in it since: the list does not show it. */
  cleared?: true;
  /** Until this time, in ms, changes of messages that have not arrived yet are kept (effects/early_changes.ts). */
  aheadUntilMs?: number;
  /**
   * The newest line that counts messages which did not open here, and when it was made, in ms
   * (receive/unopened_message.ts).
   */
  unopened?: { order: string; atMs: number };
  /** Messages that were refused unopened and got a line each, in the 24 h since then (receive/unopened_message.ts). */
  refusals?: { sinceMs: number; count: number };
  /** Of an invitation: bytes of the messages that it has kept (receive/invited_room.ts). */
  invitedBytes?: number;
  /** What the others were told of it last, by places (send/receipt_sender.ts). Absent where nothing is to be told. */
  receipts?: { delivered: string; read: string };
  /** The own profile that the others were told last (send/profile_sender.ts). */
  profileTold?: ProfileTold;
  /** How many places lines have had: it tells lines of one place apart (places.ts). */
  nextOrder: number;
  /** Absent until the first line that has a place in the channel's order. */
  places?: Places;
  epoch: number;
  /** When the server took the commit of the epoch, as far as this device believes it, in ms. */
  epochSinceMs: number;
  /** When this device's own leaf was made, in ms. Absent in records of earlier versions (leaf_renewal.ts). */
  leafSinceMs?: number;
  /** Own messages sealed since the own leaf was made (specification §3.6). Earlier versions count those of an epoch. */
  ownSent: number;
  /** The newest epochs' commitIds as hex, to tell a repeat from a fork. */
  commits: { n: number; commitId: string }[];
  /**
   * Devices that were re-added at their request, as hex, with the epoch of the re-add or of their latest
   * commit. Kept while an older request may still be carried out.
   */
  readded?: { recipientKey: string; n: number }[];
  /** Bytes of entries that are kept for another try. */
  keptBytes?: number;
  /**
   * The server's list of members differs from the group's (specification §4.6). A commit that tells the
   * server the difference is due.
   */
  serverDiffers?: true;
  /**
   * A member's signed notice that its commit (commitId as hex, of epoch n) removes this device. `own`: the
   * member is a device of the same account.
   */
  announced?: { commitId: string; n: number; by: string; own: boolean };
  /** Channels that the conversation was in before, as hex, newest last. */
  earlier?: string[];
  /** The channel that the present one took over from, as hex. Earlier versions alone read it. */
  superseded?: string;
  /** When the conversation moved into the present channel, by this device's clock, in ms. */
  movedMs?: number;
  /**
   * When the server took a replacement, in ms. It counts for that channel (hex) alone: an earlier version moves on and
   * leaves it. Absent in records of earlier versions.
   */
  replaced?: { channelId: string; atMs: number };
  /** When this device made replacements for commits that do not prove who made them, in ms, for a day. */
  spoiled?: number[];
  /** The chat whose replacement channel this pending one is to become. */
  succeeds?: string;
  /**
   * Usernames of people that this device had added or removed in the former channel. The move has undone
   * these changes, so this device repeats them. Or people whom the user has removed while this device could not
   * follow its group. `others`: people whom another member had added there; they are added again if nobody else does it
   * (membership/others_additions.ts).
   */
  redo?: { add: string[]; remove: string[]; others?: string[] };
  /**
   * An admin's device has said that the group has left the present channel for another (hex), after epoch `n`, and that
   * this device is not there. `accountKey`: the admin's, as hex. `atMs`: when that was said first, by this device's
   * clock. Nothing is sent meanwhile, for an hour ({@link goneHoldLeftMs}).
   */
  gone?: { channelId: string; accountKey: string; n: number; atMs?: number };
  /** When this device left at its user's wish, in ms. Absent after a return, and where it was removed. */
  leftMs?: number;
  /** The epochs in which the newest of the channels before (hex) were left. */
  leftIn?: { channelId: string; epoch: number }[];
}

/** How far a conversation was read (reading.ts). */
export interface Reading {
  /** The place up to which was read; "" for none. */
  to: string;
  /** The place of the first unread message; absent where there is none. */
  from?: string;
  /** Unread messages that came into places before `to`, or into places that were kept for them, in order. */
  late?: string[];
  /** Unread messages that mention the user, in order. Absent where there is none. */
  mentions?: string[];
}

export interface ConversationMember {
  username: string;
  /** hex */
  accountKey: string;
  role: "admin" | "member";
}

/** The store "messages", by chatId and order. */
export type LineRecord =
  | MessageContent & {
    kind: "message";
    messageId: string;
    order: string;
    sender: string;
    /** hex */
    senderKey: string;
    own: boolean;
    /** An own message that another device of this account sent. */
    elsewhere?: true;
    /** The device that sent it, or that changed it last, was known to be revoked when it came (GRP-6.6). */
    revokedDevice?: true;
    atMs: number;
    state: "waiting" | "sent" | "received" | "failed";
    errorCode?: string;
    /** How long it stays once its time has begun, in ms, and until when (expiry.ts). */
    timerMs?: number;
    untilMs?: number;
    /** Set when the server has an own message. */
    sentIn?: SentIn;
    /**
     * The container's bytes. Of an own message: for resending it unchanged. Of a message that this version
     * can not show: for a later version. Absent in old records.
     */
    content?: Bytes;
    /** MIMI message id as hex. Absent in records of earlier versions (line_ids.ts). */
    mimiId?: string;
  }
  | { kind: "notice"; order: string; atMs: number; notice: NoticeKind; values: Record<string, string> };

/** Where an own message was sent, for resending it where some members may not have got it. */
export interface SentIn {
  epoch: number;
  /** The channel as hex, where it is not the chatId. */
  channel?: string;
  /** When the server took it, in ms by the server's clock. Unknown for messages of older versions. */
  atMs?: number;
  /** When it was written, in ms by this device's clock, where the line's time is the server's. */
  writtenMs?: number;
  /** 16 bytes: with it, older records without content rebuild the same bytes. */
  salt: Bytes;
}

/**
 * The store "messageids", by {@link keys.seen}: a marker that (account, messageId) was seen, kept 30 days
 * (specification §4.1). By {@link keys.mimi}: the line of a MIMI id, kept for good, because a later message may name
 * any. The same store holds the changes that came before their message ({@link keys.earlyChanges}, 30 days) and
 * {@link EditedRecord} (28 days).
 */
export interface SeenRecord {
  /** The place of the line that it made or changed; empty where there is none. */
  order: string;
  atMs: number;
  /**
   * The MIMI id, as hex, whose entry says where the line stands now: of an own message, and of what changed one that
   * waited. `order` is its place at that time.
   */
  of?: string;
  /** For an entry under a MIMI id that is a reaction: the reaction's first id, as hex. */
  reaction?: string;
  /** Its user has deleted the line on this device: later changes of it do nothing. `place`: where it stood. */
  erased?: true;
  place?: string;
}

/** In "messageids": an own reaction, edit or delete that the server has taken, for a resend. Kept 28 days. */
export interface SentChangeRecord {
  chatId: string;
  order: string;
  /** hex */
  messageId: string;
  /** The container's bytes. */
  content: Bytes;
  sentIn: SentIn;
  /** When the server took it, in ms. */
  atMs: number;
}

/** In "messageids": an own edited line that still has the bytes of its first text. */
export interface EditedRecord {
  chatId: string;
  order: string;
  /** The time at which the server took the message; if unknown, the time of the edit. */
  atMs: number;
}

/**
 * The store "unreadable", by chatId and seq: an entry kept for another try after a reseal (specification
 * §6.4).
 */
export interface UnreadableRecord {
  kind: number;
  epoch: number;
  id: Bytes;
  header: Bytes;
  body: Bytes;
  receivedMs: number;
  /** The entry's place in the channel's order; 0 or absent: not known. */
  place?: number;
  /** Why it is kept. */
  code: DesyncCause | "rolled-back" | "no-group" | "broken" | "kind";
  untilMs: number;
}

/** How many commit ids are remembered, to tell a repeat from a fork and to find the fork point. */
export const rememberedCommits = 32;
/**
 * Within this time, in ms, two admins create a replacement channel "at the same time". Members that moved
 * first may not have read messages that were sent so shortly before a move.
 */
export const togetherMs = 10 * 60_000;
export const unreadableForMs = 7 * 24 * 3_600_000;
/** How long, in ms, a resend or a repeated membership change waits until it is possible. */
export const resendForMs = 7 * 24 * 3_600_000;
export const seenForMs = 30 * 24 * 3_600_000;
/** How long, in ms, an own message that was edited keeps its first bytes for a resend. Receivers know its id longer. */
export const firstBytesForMs = 28 * 24 * 3_600_000;

/** The store "account": the highest seq whose effects are on disk. */
export const cursorKey = "sync/cursor";

/** The start of all keys of {@link EditedRecord}. A chatId is hex, so it never starts like this. */
export const editedPrefix = "edited/";

/** The start of all keys of {@link SentChangeRecord}. */
export const changesPrefix = "changes/";
/** The start of the keys, in "account", of all files that are on their way to the server. */
export const uploadPrefix = "upload/";

export const keys = {
  line: (chatId: string, order: string) => `${chatId}/${order}`,
  uploads: (chatId: string) => `${uploadPrefix}${chatId}/`,
  ratchet: (chatId: string, key: string) => `${chatId}/${key}`,
  seen: (chatId: string, accountKey: string, messageId: string) => `${chatId}/${accountKey}/${messageId}`,
  /** A MIMI message id (32 bytes as hex) → its place. */
  mimi: (chatId: string, id: string) => `${chatId}/mimi/${id}`,
  /** The MIMI id of a message that has not arrived yet. */
  earlyChanges: (chatId: string, id: string) => `${chatId}/ahead/${id}`,
  /** Those of all chats together, so that finding them needs no read of all ids. */
  edited: (chatId: string, order: string) => `${editedPrefix}${chatId}/${order}`,
  sentChange: (chatId: string, order: string) => `${changesPrefix}${chatId}/${order}`,
  /** In the store "epochs", beside the epoch record: {@link PastEpoch} of the newest epochs. */
  pastEpochs: (chatId: string) => `${chatId}/past`,
  /** In "epochs": the effects of own commits in the present channel. */
  ownChanges: (chatId: string) => `${chatId}/own`,
  /** In "epochs": the accounts that others' commits have added in the present channel, by epoch. */
  othersAdditions: (chatId: string) => `${chatId}/others`,
  /** The leave request that the server has taken, as it was sent (StoredOutbox). */
  sentLeave: (chatId: string) => `${chatId}/leave`,
  /** In "epochs": the accounts of the chat, which change only with commits. */
  members: (chatId: string) => `${chatId}/members`,
  /** In "epochs": {@link DevicesSince} of the chat's devices, which change only with commits. */
  devices: (chatId: string) => `${chatId}/devices`,
  /** In "epochs": {@link ReceiptsRecord}, which changes with receipts alone. */
  receipts: (chatId: string) => `${chatId}/receipts`,
  unreadable: (chatId: string, seq: number) => `${chatId}/${countKey(seq)}`,
};
