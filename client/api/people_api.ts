/** Getting people in, and keeping people out: invite links, requests to join, blocking, reports, the note to self. */

/**
 * Who may begin a chat with the account. "groups": people of a chat that it is or was in. "invited": these, and people
 * who have one of its links; the server gives its KeyPackages to nobody else.
 */
export type ContactPolicy = "everybody" | "groups" | "invited";

/** An invite link of the own account. */
export interface InviteLinkInfo {
  /** hex, 16 bytes: names the link to this API. It tells nothing of its secret. */
  linkId: string;
  /** "chat": opens a chat with this account. "group": asks to join a group. */
  kind: "chat" | "group";
  /** Of a link into a group; absent where this device is not in it. */
  chatId?: string;
  /** Who opens the link into the group is let in at once. Else it is asked about. */
  letsIn: boolean;
  /** What stands behind "#/i/" in the link's address. It is secret: whoever has it may ask. */
  code: string;
  createdMs: number;
  endMs: number;
}

/** What a link says, and what this device can do with it. */
export interface LinkPreview {
  kind: "chat" | "group";
  /** Of the link's maker. */
  username: string;
  /** hex, 32 bytes */
  accountKey: string;
  endMs: number;
  /**
   * "open": it can be used. "own": this account made it. "over": its end has passed, or its maker has revoked it.
   * "unknown": the server knows no such account, or not with the link's key. "blocked": this account blocks its maker.
   */
  state: "open" | "own" | "over" | "unknown" | "blocked";
  /** An open chat with its maker. */
  chatId?: string;
}

/** Somebody asks to be let into a group. */
export interface JoinRequestInfo {
  /** Names the request to this API. */
  requestId: string;
  username: string;
  /** hex, 32 bytes */
  accountKey: string;
  chatId: string;
  /** What the person wrote; may be empty. */
  note: string;
  atMs: number;
}

/** A person from whom nothing is shown. */
export interface BlockedInfo {
  username: string;
  /** hex, 32 bytes */
  accountKey: string;
  sinceMs: number;
}

/** What the account has decided about other people. It is the same on all of its devices. */
export interface PeopleSettings {
  policy: ContactPolicy;
  blocked: BlockedInfo[];
}

/** A part of the engine's API. All methods reject with EngineError. */
export interface PeopleApi {
  /**
   * Makes an invite link.
   *
   * @param chatId of a group in which this account is an admin (L019); absent: a link that opens a chat
   * @param letsIn of a link into a group: whoever opens it is let in; false: it is asked about
   * @param forMs how long it lasts, 1 minute to 366 days (L041)
   */
  makeLink(options: { chatId?: string; letsIn?: boolean; forMs: number }): Promise<InviteLinkInfo>;
  /** The account's links that are not over, the newest first. */
  links(): Promise<InviteLinkInfo[]>;
  /** Revokes a link: who has it can do nothing with it, and requests by it are gone. */
  revokeLink(linkId: string): Promise<void>;
  /** @param code {@link InviteLinkInfo.code}, or a whole address. @throws EngineError L041 for what is no link */
  readLink(code: string): Promise<LinkPreview>;
  /**
   * Uses a link: opens a chat with its maker, or asks to join its group.
   *
   * @param note for the admins, at most 500 characters (L041); not sent with a link that opens a chat
   * @returns the chat; nothing where the request now waits for an answer
   * @throws EngineError L041 for a link that can not be used: its state by {@link readLink} is not "open"
   */
  useLink(code: string, note?: string): Promise<{ chatId?: string }>;
  /** Requests that wait for an answer of this account, the oldest first. */
  joinRequests(): Promise<JoinRequestInfo[]>;
  /** Lets the person in, or declines: they are told nothing. An unknown request is passed over. */
  answerJoinRequest(requestId: string, letIn: boolean): Promise<void>;
  peopleSettings(): Promise<PeopleSettings>;
  setContactPolicy(policy: ContactPolicy): Promise<void>;
  /**
   * Shows nothing of a person any more, on all devices of the account. The person is told nothing.
   *
   * @throws EngineError L004; L047: 500 are blocked, and none of them is unblocked for this one
   */
  block(username: string): Promise<void>;
  /** @param accountKey {@link BlockedInfo.accountKey} */
  unblock(accountKey: string): Promise<void>;
  /**
   * Reports a person to the server's operator, who reads what is sent.
   *
   * @param report.orders `order` of the messages of the chat that are shown to the operator
   * @throws EngineError L011 where it is over 64 KiB
   */
  report(report: { username: string; reason: string; chatId?: string; orders?: string[] }): Promise<void>;
  /** People of the chats, those heard of last first; without blocked ones. */
  recentPeople(): Promise<string[]>;
  /** The chat of the account with itself; it is made where there is none. */
  noteToSelf(): Promise<string>;
}
