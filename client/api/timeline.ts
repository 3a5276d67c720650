/** What a conversation shows: its messages and notices. */

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
  /** The text is not the first one. */
  edited?: true;
  /** Its sender took it back. */
  deleted?: true;
  /** In its text nothing can be seen. */
  blank?: true;
  /** This version can not show it; `text` names its type, where it has one. */
  unsupported?: true;
  /** Oldest first. */
  reactions?: Reaction[];
}

/** What the chat list says of the newest message: its text, or why there is none. */
export type MessagePreview = Pick<MessageContent, "text" | "deleted" | "blank" | "unsupported">;

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

export type MessageState = "waiting" | "sent" | "received" | "failed";

/** A message's line. */
export type MessageItem = MessageContent & {
  kind: "message";
  /** hex, 16 bytes: the wire's messageId */
  messageId: string;
  /** The item's place in the conversation: it sorts; opaque. An own message that waits is last until it is sent. */
  order: string;
  sender: string;
  own: boolean;
  /** Own, and another device of this account sent it. */
  elsewhere?: true;
  /** It came into a place before what was read, and is unread. Set in answers of `timeline` alone. */
  late?: true;
  /** The device that sent it, or that changed it last, had been signed out (revoked) by its account before it came. */
  revokedDevice?: true;
  atMs: number;
  state: MessageState;
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
  /** The device of `by`, an admin, says that the group goes on in another channel, in which this device is not. */
  | "left-behind"
  | "promoted"
  | "demoted"
  | "not-added"
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
