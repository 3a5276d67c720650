/** What the user decides about a chat in the list, and the order of the list. */

/** For how long a chat is muted. */
export type MuteFor = "hour" | "8-hours" | "week" | "always";

/** What changes; what is left out stays. */
export interface ChatChange {
  /** Pinned chats stand first. A newly pinned one is the last of them. Pinning takes a chat out of the archive. */
  pinned?: boolean;
  /** A new message brings an archived chat back, unless it is muted. Archiving takes the pin away. */
  archived?: boolean;
  muted?: MuteFor | "off";
  /** The chat is shown as unread until it is opened. */
  markedUnread?: boolean;
}

/** What the list says of the user's decisions; the parts that are absent were not decided. */
export interface ChatMarks {
  /** The chat's rank among the pinned ones; lower ones stand first. */
  pinned?: number;
  archived?: true;
  /** `untilMs`: when it ends; absent: never. It may be over. */
  muted?: { untilMs?: number };
  markedUnread?: true;
}

/** For the list: pinned chats in the user's order, then the newest activity. */
export function byListOrder(
  a: ChatMarks & { activityMs: number },
  b: ChatMarks & { activityMs: number },
): number {
  const [first, second] = [a.pinned ?? Infinity, b.pinned ?? Infinity];
  return first === second ? b.activityMs - a.activityMs : first < second ? -1 : 1;
}

/** @returns whether a chat is muted at a time */
export function isMuted({ muted }: Pick<ChatMarks, "muted">, nowMs: number): boolean {
  return muted !== undefined && (muted.untilMs === undefined || nowMs < muted.untilMs);
}
