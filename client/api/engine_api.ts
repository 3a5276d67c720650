/**
 * The engine's API: the calls and events for the page and the CLI. All values are plain data that survive structured
 * cloning, so that the same interface works in one thread, over a Worker's port, and from a second tab.
 */

import type { EngineProblem } from "./errors.ts";
import type { PasswordJudgement } from "./password_judgement.ts";
import type { MessagePreview, TimelineItem, TimelinePage } from "./timeline.ts";

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

export interface ChatMember {
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

export interface ChatSummary {
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
  /** Messages of others that the user has not seen. */
  unread: number;
  /** `order` of the first unread message; absent where there is none. */
  unreadFrom?: string;
  lastMessage?: MessagePreview & { sender: string; atMs: number };
  /** Sort key: time of the last thing that happened, in ms. */
  activityMs: number;
  /** A text that was begun on this device and not sent. */
  draft?: string;
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
  /** A person is writing in a chat: to be shown for some seconds, or until a message of that person comes. */
  | { kind: "typing"; chatId: string; username: string }
  /** Something the user should see that belongs to no chat. */
  | { kind: "problem"; problem: EngineProblem };

/** Everything that a view can ask for. All methods reject with {@link EngineError}. */
export interface EngineApi {
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
  /** Exact name, and names that start with `text`; without the own one. */
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
   * Seals the text and puts it into the outbox. Resolves when the message is on disk; the item's state says when the
   * server has it.
   *
   * @param messageId 16 random bytes as hex, chosen by the view, so that a repeated call sends once
   */
  send(chatId: string, messageId: string, text: string): Promise<void>;
  /**
   * Keeps a text that was begun; all tabs get it by {@link ChatSummary.draft}. A message that begins with it takes its
   * place.
   *
   * @param text at most 64 KiB of UTF-8 (L011); "" for none
   */
  keepDraft(chatId: string, text: string): Promise<void>;
  timeline(chatId: string, before?: string, limit?: number): Promise<TimelinePage>;
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
