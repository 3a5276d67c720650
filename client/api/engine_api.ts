/**
 * The engine's API: the calls and events for the page and the CLI. All values are plain data that survive structured
 * cloning, so that the same interface works in one thread, over a Worker's port, and from a second tab.
 */

import type { Transfer } from "./attachments.ts";
import type { EngineProblem } from "./errors.ts";
import type { PasswordJudgement } from "./password_judgement.ts";
import type { ChatChange, ChatMarks } from "./chat_list.ts";
import type { MessageApi } from "./message_api.ts";
import type { PeopleApi } from "./people_api.ts";
import type { Face, ProfilesApi } from "./profiles_api.ts";
import type { ReceiptMarks, ReceiptsApi } from "./receipts_api.ts";
import type { SearchOptions, SearchResult } from "./search.ts";
import type { LastMessage, TimelineItem, TimelinePage, TimelinePlace, TimelineStretch } from "./timeline.ts";

export * from "./attachments.ts";
export type { ChatFile, ChatFileKind, ChatFilePage } from "./chat_files.ts";
export * from "./chat_list.ts";
export * from "./message_api.ts";
export * from "./people_api.ts";
export * from "./profiles_api.ts";
export * from "./receipts_api.ts";
export * from "./search.ts";
export * from "./timeline.ts";

/** Whether an account is signed in. */
export type AccountState =
  | { kind: "signed-out" }
  | {
    kind: "signed-in";
    username: string; /** hex, 32 bytes */
    accountKey: string; /** hex, 16 bytes */
    deviceId: string;
  }
  /** The device was evicted, revoked or its session ended; `code` says why ("E002", "E003", "evicted", …). */
  | { kind: "ended"; username: string; code: string };

/**
 * "connecting" covers the back-off after a lost connection too. "elsewhere": another engine with this device's keys has
 * connected since, and this one stays away until `useHere`.
 */
export type ConnectionState = {
  kind: "connected" | "connecting" | "offline" | "elsewhere";
  transport?: "WebTransport" | "HTTPS";
};

/** Progress of work that takes longer than 200 ms. `done`/`total` are absent where there is no measure. */
export interface Progress {
  task:
    | "password"
    | "registering"
    | "signing-in"
    | "creating-chat"
    | "adding-people"
    | "joining"
    | "catching-up"
    | "leaving-chats";
  done?: number;
  total?: number;
}

/** A person of a chat; what it shows of itself is chosen by itself, and was not checked by anybody. */
export interface ChatMember extends Face {
  username: string;
  /** hex, 32 bytes */
  accountKey: string;
  role: "admin" | "member";
  self: boolean;
  /** Safety numbers were compared, and the key is still the one that was compared. */
  verified?: true;
  /**
   * The account answers with another key than the pinned one: nothing is sent to a chat with it until the user
   * decides.
   */
  keyChanged?: true;
  /**
   * This is a former key: the user has accepted another key for this name, and nothing is sent to a chat with the
   * former one.
   */
  keyReplaced?: true;
  /** The user blocks this person: nothing of them is shown. */
  blocked?: true;
}

/** A part of an export: whole lines, to be put one behind the other. */
export interface ExportPart {
  /** JSON Lines: docs/export.md. */
  lines: string;
  /** Names the next part; absent at the end. */
  next?: string;
  /** Chats that are done, and how many there are. */
  done: number;
  total: number;
}

export interface DeviceInfo {
  /** hex, 16 bytes */
  deviceId: string;
  current: boolean;
  /** ms; absent when no live session */
  lastUsedMs?: number;
  createdMs?: number;
  /** live sessions of it */
  sessions: number;
}

export interface SafetyNumber {
  username: string;
  /** hex, 32 bytes: the person's key that the number was computed from */
  accountKey: string;
  /** 60 digits as 12 groups of 5 */
  digits: string;
  /** bytes of the QR code, hex: version ‖ both keys */
  qr: string;
  verified: boolean;
  /** a changed key waits for the user's decision */
  changed: boolean;
}

export interface ChatSummary extends ChatMarks {
  /**
   * Hex of the first channelId of the chat that this device was in. It stays when a replacement channel takes over.
   * A device that joins after that has another chatId for the same chat.
   */
  chatId: string;
  /** Group name, or the other person's username in a chat of two. */
  title: string;
  kind: "direct" | "group";
  members: ChatMember[];
  /** The Welcome came from an account without an earlier chat: an invitation until it is accepted. */
  invitation: boolean;
  /**
   * A stranger to the chat has re-added this device to it, or a revoked device has added it: nothing can be sent
   * before the invitation is accepted.
   */
  needsAcceptance?: true;
  /** The device that added this one has been signed out (revoked) by its account. Set with `needsAcceptance`. */
  inviterRevoked?: true;
  /**
   * Another device of the account has taken a chat of this channel, and nobody has confirmed yet that this is the same
   * one. Declining would take the other devices out of it.
   */
  onOtherDevices?: true;
  /** False once this device was removed or has left. */
  active: boolean;
  /**
   * This device is out of step with the group and has asked other members for help. Nothing can be sent until it has
   * recovered, which happens without the user. `active` is false meanwhile.
   */
  recovering?: true;
  /** What all devices of the chat understand: "attachments", "changes" … (docs/specification.md, §1.8). */
  features: string[];
  /** How long messages stay after they were sent or read, in ms: for good where it is absent. What a group is about. */
  timerMs?: number;
  description?: string;
  /** Names the group's picture, see {@link ProfilesApi.picture}. */
  pictureId?: string;
  /** Messages of others that the user has not seen. */
  unread: number;
  /** `order` of the first unread message; absent where there is none. */
  unreadFrom?: string;
  /** How many of the unread messages mention the user. */
  mentions?: number;
  lastMessage?: LastMessage;
  /** Sort key, see {@link byListOrder}: time of the newest message or change of the members, in ms. */
  activityMs: number;
  /** A text that was begun on this device and not sent. */
  draft?: string;
  /** The account's chat with itself. */
  notes?: true;
}

export type EngineEvent =
  | { kind: "account"; account: AccountState }
  | { kind: "connection"; connection: ConnectionState }
  | { kind: "progress"; progress: Progress | undefined }
  | { kind: "chats"; chats: ChatSummary[] }
  /** See {@link EngineApi.awaitedChats}. */
  | { kind: "awaited"; chats: number }
  /** New or changed items of one conversation. Received messages are reported while they are being stored. */
  | { kind: "timeline"; chatId: string; items: TimelineItem[] }
  /**
   * The items reported last could not be stored: the view must read the conversation again by `timeline`. Messages of
   * others come again from the server.
   */
  | { kind: "reread"; chatId: string }
  /** Items that are no longer on this device, by their `order`. */
  | { kind: "erased"; chatId: string; orders: string[] }
  /** A person is writing in a chat: to be shown for some seconds, or until a message of that person comes. */
  | { kind: "typing"; chatId: string; username: string }
  /** The index of the search is being built: so many of its chats are in it. */
  | { kind: "indexing"; done: number; total: number }
  /** The files of a message are on their way, or not any more: so far. */
  | { kind: "transfer"; transfer: Transfer }
  /** Others have received or read more of a chat. */
  | { kind: "marks"; chatId: string; marks: ReceiptMarks }
  /** Settings about people or privacy, invite links or requests to join are others: see {@link PeopleApi}. */
  | { kind: "people" }
  /** Something the user should see that belongs to no chat. */
  | { kind: "problem"; problem: EngineProblem };

/** Everything that a view can ask for. All methods reject with {@link EngineError}. */
export interface EngineApi extends MessageApi, PeopleApi, ProfilesApi, ReceiptsApi {
  /**
   * Creates the account and signs this device in. `username`: 3 to 32 of a–z 0–9 . _ -. Resolves when the
   * account is on the server and KeyPackages are up.
   */
  createAccount(username: string, password: string, inviteCode?: string): Promise<{ recoveryCode: string }>;
  signIn(username: string, password: string): Promise<void>;
  /** Ends the session and deletes all state of this profile. */
  signOut(): Promise<void>;
  account(): Promise<AccountState>;
  connection(): Promise<ConnectionState>;
  chats(): Promise<ChatSummary[]>;
  /** How many chats the account's other devices have named that this device has not been added to yet. */
  awaitedChats(): Promise<number>;
  /**
   * The account of exactly that name, and people of the chats whose names start with `text`; without the own one. The
   * server may find names by their beginning, too, where its operator wants that.
   */
  findPeople(text: string): Promise<string[]>;
  /**
   * One username and no `groupName`: a chat of two (the existing one if there is one). Else a group.
   * Resolves with the chatId once the commit was accepted.
   */
  startChat(usernames: string[], groupName?: string): Promise<string>;
  addPeople(chatId: string, usernames: string[]): Promise<void>;
  /**
   * Removes a person from a group; by an admin (L019). While this device is recovering, the removal is noted: it is
   * made as soon as this device is back, or the channel that replaces the present one is made without the person.
   */
  removePerson(chatId: string, username: string): Promise<void>;
  /** Renames a group; by an admin (L019). */
  renameChat(chatId: string, name: string): Promise<void>;
  /**
   * Lets messages that are sent from now on disappear so long after their sending or reading; in a group by an admin
   * (L019). L044 unless `features` name "group-data", or the timer is all that is set and goes.
   *
   * @param timerMs 30 s to 4 weeks (L011); undefined: they stay
   */
  setTimer(chatId: string, timerMs: number | undefined): Promise<void>;
  /** Says what a group is about, in at most 500 characters (L011); "" for nothing. As {@link setTimer}. */
  describeChat(chatId: string, description: string): Promise<void>;
  /** Makes a person of the chat an admin, or a member again; by an admin, and one is always left (L019). */
  setRole(chatId: string, username: string, role: "admin" | "member"): Promise<void>;
  /**
   * Tells the other members that the user is writing. Call it with each keystroke: it is sent once in a few seconds,
   * is never stored, and expires after 30 s.
   */
  typing(chatId: string): Promise<void>;
  leaveChat(chatId: string): Promise<void>;
  acceptInvitation(chatId: string): Promise<void>;
  /**
   * Keeps a text that was begun; all tabs get it by {@link ChatSummary.draft}. A message that begins with it takes its
   * place.
   *
   * @param text at most 64 KiB of UTF-8 (L011); "" for none
   */
  keepDraft(chatId: string, text: string): Promise<void>;
  timeline(chatId: string, before?: string, limit?: number): Promise<TimelinePage>;
  /**
   * The surroundings of a place: of the item with this `order`, or of the first one of that time (ms) or later. Where
   * there is none, those of the next one.
   */
  timelineAround(chatId: string, place: TimelinePlace, limit?: number): Promise<TimelineStretch>;
  /** The items behind an `order`. */
  timelineAfter(chatId: string, after: string, limit?: number): Promise<TimelineStretch>;
  /**
   * Messages of this device that match: words that must all be there, phrases in quotes; the last word may be a
   * beginning. Case and accents do not count. While the index is built, it answers from what is in it.
   *
   * @param query what is behind its first 256 units does not count
   * @throws EngineError L040 when this device can not have an index, L001 when the code for it can not be loaded
   */
  search(query: string, options?: SearchOptions): Promise<SearchResult>;
  /** Changes what the user decides about a chat in the list; kept on this device. @throws EngineError L010 */
  changeChat(chatId: string, change: ChatChange): Promise<void>;
  /** Moves a pinned chat. @param before the pinned chat that is to follow it; absent: it becomes the last */
  movePinned(chatId: string, before?: string): Promise<void>;
  /**
   * Deletes a chat's messages and draft on this device, and takes it out of the list. The user stays in the group, so a
   * new message brings the chat back, without what was before. What still waits to be sent is not sent any more.
   *
   * @throws EngineError L010, L043 for an invitation that was not answered
   */
  deleteChat(chatId: string): Promise<void>;
  /**
   * The user has seen a stretch of a conversation. Nothing behind it is marked as read. What stands before it is, but
   * not a message that came late into a place before it.
   *
   * @param upTo `order` of the newest item in view
   * @param since `order` of the oldest item in view; absent: everything up to `upTo` was seen
   */
  markRead(chatId: string, upTo: string, since?: string): Promise<void>;
  devices(): Promise<DeviceInfo[]>;
  revokeDevice(deviceId: string, password: string): Promise<void>;
  changePassword(oldPassword: string, newPassword: string): Promise<void>;
  /**
   * Deletes the account for good: leaves the chats (within 30 s, as far as that can be done), then deletes all that
   * the server keeps of it but the name, which stays reserved, and all state of this profile.
   *
   * L022: a wrong password, and nothing was done. L037: the server can not do it. L001: it did not answer, and still
   * has the account as far as is known.
   */
  deleteAccount(password: string): Promise<void>;
  /**
   * Gives the next part of what this device keeps of the account, in the format of docs/export.md. Also once the
   * session has ended. Nothing is kept between the calls.
   *
   * @param from `next` of the part before; left out: the first one
   * @throws EngineError L002 where the profile has no account, L038 for a part that there is not, L005
   */
  exportPart(from?: string): Promise<ExportPart>;
  /**
   * Judges a password that is being made, for a username (may be empty). The first call loads the word lists that it
   * needs, which may take seconds; without them it rejects with L001. Nothing is stored.
   */
  judgePassword(password: string, username: string): Promise<PasswordJudgement>;
  /** A new passphrase of six random words that do not contain the username (may be empty). Nothing is stored. */
  suggestPassphrase(username: string): Promise<string>;
  newRecoveryCode(password: string): Promise<{ recoveryCode: string }>;
  recover(username: string, recoveryCode: string, newPassword: string): Promise<{ recoveryCode: string }>;
  safetyNumber(username: string): Promise<SafetyNumber>;
  /**
   * @param accountKey {@link SafetyNumber.accountKey} of the number that was compared; another is refused
   *   (L017), and one that was not taken yet (L007)
   */
  setVerified(username: string, accountKey: string, verified: boolean): Promise<void>;
  /**
   * Takes the key that an account answers with now. @param accountKey {@link SafetyNumber.accountKey} of the
   * number that was shown; another is refused (L017)
   */
  acceptChangedKey(username: string, accountKey: string): Promise<void>;
  /** The network came back or the tab woke up: reconnects now. */
  wake(): Promise<void>;
  /** Connects again after another engine of this device has: that one stops then. */
  useHere(): Promise<void>;
}

export type EngineListener = (event: EngineEvent) => void;
