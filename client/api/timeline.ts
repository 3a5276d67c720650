/** What a conversation shows: its messages and notices. */

import type { AttachmentInfo, AttachmentKind } from "./attachments.ts";

/** The longest text of a message, in UTF-8 bytes. */
export const maxTextBytes = 16 * 1024;

/** What a message shows, after all that later messages did to it. client/content/kinds/ makes it. */
export interface MessageContent {
  /** Empty once deleted. */
  text: string;
  /** The message that it answers. */
  replyTo?: {
    /** MIMI message id: hex, 32 bytes. */
    id: string;
    /**
     * The `order` of that message's item when the reply came; absent where this device did not know it. An own message
     * that had no place yet has another one since: `messageId` (hex, 16 bytes) finds it.
     */
    order?: string;
    messageId?: string;
  };
  /** Its files, in their order; `text` is what was written beside them, and may be empty. */
  attachments?: AttachmentInfo[];
  /** The same for one line: the first file's kind and name, and how many there are. */
  attached?: { kind: AttachmentKind; name: string; count: number };
  /** The text is not the first one. */
  edited?: true;
  /** What it said before, oldest first, and until when (ms): the newest 16, of 32,768 UTF-16 units in all. */
  versions?: { text: string; untilMs: number }[];
  /** Its sender took it back. */
  deleted?: true;
  /** In its text nothing can be seen. */
  blank?: true;
  /** This version can not show it; `text` names its type, where it has one. */
  unsupported?: true;
  /** Oldest first. */
  reactions?: Reaction[];
  /** The text is a question, to be answered by choosing. */
  poll?: Poll;
}

/** A poll to be sent. Each text is one line that shows something; no two options are equal. */
export interface NewPoll {
  question: string;
  options: string[];
  /** Several options may be chosen. */
  several: boolean;
}

/** What a poll offers, and who has chosen what. client/content/kinds/poll.ts has its limits. */
export interface Poll {
  options: string[];
  /** Several options may be chosen. */
  several?: true;
  /** Its author has ended it: no vote counts any more. */
  ended?: true;
  /** One of each account, in the order of their first votes. One without choices was taken back. */
  votes: PollVote[];
}

export interface PollVote {
  /** Username. */
  sender: string;
  /** hex, 32 bytes */
  senderKey: string;
  /** Indices of options, ascending. */
  choices: number[];
  /** Rises with each vote of the account: the highest counts, on every device, in whatever order they come. */
  round: number;
}

/** What the chat list says of the newest message: its text, or why there is none. */
export type MessagePreview = Pick<MessageContent, "text" | "attached" | "deleted" | "blank" | "unsupported">;

/** The newest message as the chat list shows it. */
export type LastMessage = MessagePreview & {
  /** Username. */
  sender: string;
  atMs: number;
  /** Of an own message: what became of it. Absent for others' messages, and in chats that an earlier version wrote. */
  state?: MessageState;
  own?: true;
  /** It disappears after a time. Absent as well where an earlier version wrote it. */
  passes?: true;
  /** Of an own message: its place, by which the chat's marks say who has received and read it. */
  order?: string;
};

/** One sign of one person on a message. */
export interface Reaction {
  /** MIMI message id of the message that brought it: hex, 32 bytes. Several signs can have come with one. */
  id: string;
  /** Username. */
  sender: string;
  /** hex, 32 bytes */
  senderKey: string;
  /** An emoji, or a few characters; U+FFFD for what nobody can see. */
  text: string;
}

/** Names a message of a conversation, as its item does. */
export interface MessageRef {
  /** The item's place. An own message may have got another one since. */
  order: string;
  /** hex, 16 bytes */
  messageId: string;
}

export type MessageState = "waiting" | "sent" | "received" | "failed";

/** A message's line. */
export type MessageItem = MessageContent & {
  kind: "message";
  /** hex, 16 bytes: the wire's messageId */
  messageId: string;
  /** The item's place in the conversation: it sorts; opaque. An own message that waits is last until it is sent. */
  order: string;
  sender: string;
  /** hex, 32 bytes: the account key of its sender */
  senderKey: string;
  own: boolean;
  /** Own, and another device of this account sent it. */
  elsewhere?: true;
  /** It came into a place before what was read, and is unread. Set in answers of `timeline` alone. */
  late?: true;
  /** The device that sent it, or that changed it last, had been signed out (revoked) by its account before it came. */
  revokedDevice?: true;
  atMs: number;
  state: MessageState;
  /** It disappears: how long it stays from its sending or reading on, and until when once that has begun, in ms. */
  timerMs?: number;
  expiresMs?: number;
  /** With "failed": the code and what to do. */
  errorCode?: string;
};

/** What a line of the device itself says. The names are stored. */
export type NoticeKind =
  | "created"
  | "added"
  | "removed"
  | "left"
  | "device-added"
  | "device-removed"
  | "renamed"
  /** `by` has set how long messages stay: `timerMs`. */
  | "timer-set"
  | "timer-off"
  /** `by` has changed the description. */
  | "described"
  | "pictured"
  | "rejoined"
  | "unreadable"
  | "rejected"
  | "gap"
  | "successor"
  | "removed-by-server"
  | "server-differs"
  | "healed"
  | "rolled-back"
  | "server-behind"
  /** The device of `by`, an admin, says that the group goes on in another channel, in which this device is not. */
  | "left-behind"
  | "promoted"
  | "demoted"
  | "not-added"
  /** `who` was not added: that account takes people alone whom it has invited. */
  | "invited-only"
  /** `count` messages did not open here. The devices that they name as their senders, if any, are asked for them. */
  | "unopened"
  /** All `count` messages of such a line have come since. */
  | "reopened"
  /** The server was restored, and this device has sent `count` messages again. */
  | "resent"
  /** `count` messages were to be sent again, and within 7 days they have not reached every device. */
  | "not-resent";

/** A line that the device wrote by itself. */
export interface NoticeItem {
  kind: "notice";
  order: string;
  atMs: number;
  /** A key of web/i18n; `values` fill its places. A `name` in which nothing can be seen is empty. */
  notice: NoticeKind;
  values: Record<string, string>;
}

export type TimelineItem = MessageItem | NoticeItem;

/**
 * An own message can move while pages are read: it may be in two of them, or in none, and an event `timeline` tells of
 * it. Of two items with one messageId the newer one counts.
 */
export interface TimelinePage {
  /** Oldest first. */
  items: TimelineItem[];
  /** Hand it to `timeline` as `before` for the page before this one; absent at the start of the conversation. */
  before?: string;
}

/** Where to open a conversation: at an item's `order`, or at the first item of a time (ms) or later. */
export type TimelinePlace = { order: string } | { atMs: number };

/** Items in the middle of a conversation. */
export interface TimelineStretch extends TimelinePage {
  /** The `order` of the item that was asked for; absent where the conversation is empty. */
  at?: string;
  /** Hand it to `timelineAfter` for the items behind; absent at the end of the conversation. */
  after?: string;
}
