/**
 * The records that the sync keeps on the device, by store, and their keys.
 *
 * Values are plain data. client/storage seals them. Names of stored properties never change; where the code uses
 * another word, a pair of functions maps between both.
 */

import type { Bytes } from "../../../schema/bytes.ts";
import type { MessageContent, MessagePreview } from "../../api/engine_api.ts";
import { type DesyncCause, flagsOf, type Standing, type StandingFlags, standingOf } from "./standing.ts";

/** The store "groups", by chatId: what the chat list and the guards need without decoding MLS state. */
export interface ChatRecord {
  v: 1;
  /**
   * The channel that it is in now: another than the chatId says once a successor took over (specification
   * §3.5).
   */
  channelId: Bytes;
  /** The conversation's first channel: message ids are made with it (specification §7.2). */
  firstChannelId: Bytes;
  kind: "direct" | "group";
  name: string;
  /**
   * Accounts, as the newest epoch has them. On disk apart from the rest (`keys.members`): it grows with the
   * group, and the rest is written with every message.
   */
  members: ChatMember[];
  /** In a chat of two: the other account, kept when it is gone. */
  peer?: { username: string; accountKey: string };
  standing: Standing;
  invitation: boolean;
  /**
   * Somebody from outside invited this device back into the chat. An answer alone does not accept that
   * invitation, and waiting messages are held until the user accepts.
   */
  needsAcceptance?: true;
  /** The user asked to leave; the removal is on its way. */
  leaving: boolean;
  unread: number;
  /** `order`: of its line. Absent in records of before messages could change. */
  lastMessage?: MessagePreview & { sender: string; atMs: number; order?: string };
  activityMs: number;
  /** Until then, in ms, changes are kept of messages that are not here yet ({@link AheadRecord}). */
  aheadUntilMs?: number;
  /** The next item's place in the conversation. */
  nextOrder: number;
  epoch: number;
  epochSinceMs: number;
  /** Own messages sealed in this epoch (specification §3.6). */
  ownSent: number;
  /** The newest epochs' commitIds as hex, so that a repeat and a fork can be told apart. */
  commits: { n: number; commitId: string }[];
  /**
   * Devices that were put back at their request, as hex, and the epoch that did it or that they have made
   * since; while a request from before may still be carried out.
   */
  readded?: { recipientKey: string; n: number }[];
  /** Bytes of entries that are kept for another try. */
  keptBytes?: number;
  /**
   * The server's list of members was seen to differ from the group's (specification §4.6): a commit that
   * tells the server the difference is due.
   */
  serverDiffers?: true;
  /**
   * A member's signed word that its commit (commitId as hex, of epoch n) takes this device out; `own`: a
   * device of the same account.
   */
  announced?: { commitId: string; n: number; by: string; own: boolean };
  /** Channels that the conversation was in before, as hex, newest last. */
  earlier?: string[];
  /** The channel that the present one took over from, as hex. */
  superseded?: string;
  /** When the present channel took over, in ms. */
  movedMs?: number;
  /** The chat whose replacement channel this pending one is to become. */
  succeeds?: string;
  /**
   * Usernames of people that this device had added or removed in the channel before, which the move has
   * undone: it does so once more.
   */
  redo?: { add: string[]; remove: string[] };
}

/**
 * The record as it lies on disk in "groups". The property names are those of the first version. Records of
 * versions before members lay apart have the members inside.
 */
export type StoredChat =
  & Omit<ChatRecord, "members" | "standing" | "needsAcceptance">
  & StandingFlags
  & { members?: ChatMember[]; mustAccept?: true };

/** @returns the record in memory, its members apart */
export function chatFromStored(
  { members: _members, hidden, active, broken, mustAccept, ...same }: StoredChat,
): Omit<ChatRecord, "members"> {
  return {
    ...same,
    standing: standingOf({ hidden, active, broken }),
    ...(mustAccept && { needsAcceptance: mustAccept }),
  };
}

/** @returns what goes to disk in "groups"; members go apart */
export function chatToStored({ members: _members, standing, needsAcceptance, ...same }: ChatRecord): StoredChat {
  return { ...same, ...flagsOf(standing), ...(needsAcceptance && { mustAccept: needsAcceptance }) };
}

export interface ChatMember {
  username: string;
  /** hex */
  accountKey: string;
  role: "admin" | "member";
}

/** What a commit is for. It outlives the commit: when another member's wins, it is built again from this. */
export interface CommitPlan {
  purpose: "create" | "add" | "remove" | "leaves" | "update" | "devices" | "info" | "readd" | "repair";
  /** KeyPackages as published, with the device that each belongs to. */
  add: { recipientKey: Bytes; keyPackage: Bytes }[];
  /** recipientKeys */
  remove: Bytes[];
  /** A new name, and roles that change, by account key as hex. */
  name?: string;
  roles?: Record<string, "admin" | "member">;
  /** Signed re-add requests that the commit carries out. */
  requests?: Bytes[];
}

/** The store "pending", by chatId. `commit` (encodePending) is absent between a lost race and the next build. */
export interface PendingRecord {
  plan: CommitPlan;
  commit?: Bytes;
  attempt: number;
  /** The server's members, if they were found to differ from the group's. The next commit is addressed to them. */
  serverMembers?: Bytes[];
}

/** The store "outbox", by chatId and order. */
export interface OutboxRecord {
  chatId: string;
  /** hex */
  messageId: string;
  order: string;
  kind: "message" | "leave";
  /** MIMI bytes, kept until the server has the message, to seal again in another epoch. Empty for "leave". */
  content: Bytes;
  /** Absent while the message can not be sealed yet. */
  sealed?: { epoch: number; envelope: Bytes; /** The channel as hex, where it is not the chatId. */ channel?: string };
  /** It was sent before, and is sent once more since then, ms since the Unix epoch. Its line says "sent" already. */
  resendSinceMs?: number;
  /** Accounts as hex that could not read it when it was sent first. It waits while one of them is in the group. */
  excludedAccounts?: string[];
}

/** A waiting message as it lies on disk. The property names are those of the first version. */
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

/** @returns what goes to disk in "outbox" */
export function outboxToStored({ resendSinceMs, excludedAccounts, ...same }: OutboxRecord): StoredOutbox {
  return {
    ...same,
    ...(resendSinceMs !== undefined && { againMs: resendSinceMs }),
    ...(excludedAccounts && { notFor: excludedAccounts }),
  };
}

/** What an own commit did: to be done once more where a move undid it. */
export interface OwnChange {
  n: number;
  /** Account keys as hex. */
  added: string[];
  removed: string[];
}

/** The store "messages", by chatId and order. */
export type ItemRecord =
  | MessageContent & {
    kind: "message";
    messageId: string;
    order: string;
    sender: string;
    /** hex */
    senderKey: string;
    own: boolean;
    /** Own, and another device of this account sent it. */
    elsewhere?: true;
    atMs: number;
    state: "waiting" | "sent" | "received" | "failed";
    errorCode?: string;
    /** Own, and the server has it. */
    sentIn?: SentIn;
    /**
     * The container's bytes: of an own message, to send it once more as it was; of one that this version can
     * not show, for a version that can. Absent in records of before they were kept.
     */
    content?: Bytes;
  }
  | { kind: "notice"; order: string; atMs: number; notice: NoticeKind; values: Record<string, string> };

/** Where an own message went, to say it again where not everybody may have read it. */
export interface SentIn {
  epoch: number;
  /** The channel as hex, where it is not the chatId. */
  channel?: string;
  /** When the server took it, ms by the server's clock. Not known of what was sent by an older version. */
  atMs?: number;
  /** 16 bytes: made the same content again before the content was kept. */
  salt: Bytes;
}

export type NoticeKind =
  | "created"
  | "added"
  | "removed"
  | "left"
  | "device-added"
  | "device-removed"
  | "renamed"
  | "rejoined"
  | "unreadable"
  | "rejected"
  | "gap"
  | "successor"
  | "key-changed"
  | "removed-by-server"
  | "server-differs"
  | "healed"
  | "rolled-back"
  | "server-behind"
  | "promoted"
  | "demoted";

/** The store "messageids": that (account, messageId) was seen; kept 30 days (specification §4.1). */
export interface SeenRecord {
  /** Of the line that it made or changed; empty where there is none. */
  order: string;
  atMs: number;
  /** Under a MIMI id: it is that of a reaction to the line. The reaction's first id, as hex. */
  reaction?: string;
}

/** In "messageids", by the MIMI id of a message that is not here yet: what is to change in it. Kept 30 days. */
export interface AheadRecord {
  atMs: number;
  /** In the order of their arrival. */
  changes: AheadChange[];
}

export interface AheadChange {
  /** Its own MIMI id as hex. */
  id: string;
  /** hex, 16 bytes: the wire's messageId */
  messageId: string;
  sender: string;
  /** hex */
  senderKey: string;
  atMs: number;
  /** The container's bytes. */
  content: Bytes;
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
  /** Why it is kept. */
  code: DesyncCause | "rolled-back" | "no-group" | "broken" | "kind";
  untilMs: number;
}

/** Commit ids that are remembered to tell a repeat from a fork, and where another's history parted from this one. */
export const rememberedCommits = 32;
/**
 * Within this, in ms, two admins create a replacement channel "at the same time"; and what was said so short a
 * time before a move may not have been read by those who moved first.
 */
export const togetherMs = 10 * 60_000;
export const unreadableForMs = 7 * 24 * 3_600_000;
/** How long, in ms, something that others might not have seen waits to be said or done once more. */
export const resendForMs = 7 * 24 * 3_600_000;
export const seenForMs = 30 * 24 * 3_600_000;

/** The store "account": the highest seq whose effects are on disk. */
export const cursorKey = "sync/cursor";

/** 12 hexadecimal digits, so that places sort as text. */
export function orderKey(place: number): string {
  return place.toString(16).padStart(12, "0");
}

export const keys = {
  item: (chatId: string, order: string) => `${chatId}/${order}`,
  ratchet: (chatId: string, key: string) => `${chatId}/${key}`,
  seen: (chatId: string, accountKey: string, messageId: string) => `${chatId}/${accountKey}/${messageId}`,
  /** A MIMI message id (32 bytes as hex) → its place. */
  mimi: (chatId: string, id: string) => `${chatId}/mimi/${id}`,
  /** The MIMI id of a message that is not here yet. */
  ahead: (chatId: string, id: string) => `${chatId}/ahead/${id}`,
  /** In the store "epochs", beside the epoch record: what the newest epochs were made by. */
  pastEpochs: (chatId: string) => `${chatId}/past`,
  /** In "epochs": what own commits did in the present channel. */
  ownChanges: (chatId: string) => `${chatId}/own`,
  /** In "epochs": the accounts of the chat, which change with commits alone. */
  members: (chatId: string) => `${chatId}/members`,
  unreadable: (chatId: string, seq: number) => `${chatId}/${orderKey(seq)}`,
};
