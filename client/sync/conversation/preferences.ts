/**
 * What the user has decided about a chat in the list, as it is stored in the conversation's record. Each choice has the
 * time at which it was made, so that of two devices' choices the later one can count.
 */

import type { ChatChange, ChatMarks, MuteFor } from "../../api/chat_list.ts";
import { isMuted } from "../../api/chat_list.ts";

export interface Choice<T> {
  value: T;
  /** When the user made it, in ms by this device's clock. */
  atMs: number;
}

/** The names are stored. What is absent was never decided. */
export interface ChatPreferences {
  /** The rank among the pinned chats; false: not pinned. */
  pinned?: Choice<number | false>;
  archived?: Choice<boolean>;
  /** Until when, in ms; 0: not muted. */
  muted?: Choice<number | "always">;
  markedUnread?: Choice<boolean>;
}

const hourMs = 3_600_000;
const muteMs: Record<Exclude<MuteFor, "always">, number> = { hour: hourMs, "8-hours": 8 * hourMs, week: 168 * hourMs };

/**
 * @param nextRank behind all pinned chats
 * @returns the choices after the user's change
 */
export function changed(
  before: ChatPreferences,
  { pinned, archived, muted, markedUnread }: ChatChange,
  nowMs: number,
  nextRank: number,
): ChatPreferences {
  const at = <T>(value: T): Choice<T> => ({ value, atMs: nowMs });
  const after = { ...before };
  if (archived !== undefined) after.archived = at(archived);
  if (archived && before.pinned?.value !== undefined) after.pinned = at(false as const);
  if (pinned === false) after.pinned = at(false as const);
  if (pinned === true) {
    if (typeof before.pinned?.value !== "number") after.pinned = at(nextRank);
    if (after.archived?.value) after.archived = at(false);
  }
  if (muted !== undefined) {
    after.muted = at(muted === "always" ? muted : muted === "off" ? 0 : nowMs + muteMs[muted]);
  }
  if (markedUnread !== undefined) after.markedUnread = at(markedUnread);
  return after;
}

/** @returns what the list shows of the choices */
export function marksOf({ pinned, archived, muted, markedUnread }: ChatPreferences = {}): ChatMarks {
  const mutedUntil = muted?.value ?? 0;
  return {
    ...(typeof pinned?.value === "number" && { pinned: pinned.value }),
    ...(archived?.value && { archived: true as const }),
    ...(mutedUntil === "always" && { muted: {} }),
    ...(typeof mutedUntil === "number" && mutedUntil > 0 && { muted: { untilMs: mutedUntil } }),
    ...(markedUnread?.value && { markedUnread: true as const }),
  };
}

/**
 * A message came, or was sent: it brings an archived chat back, unless that is muted. Mentions get through.
 *
 * @param own the message is the account's own
 * @returns the choices after it; undefined where nothing changes
 */
export function afterMessage(
  before: ChatPreferences | undefined,
  { own, mentioned, nowMs }: { own: boolean; mentioned: boolean; nowMs: number },
): ChatPreferences | undefined {
  const marks = marksOf(before);
  const comesBack = marks.archived && (own || mentioned || !isMuted(marks, nowMs));
  const isRead = marks.markedUnread && own;
  if (!comesBack && !isRead) return undefined;
  return {
    ...before,
    ...(comesBack && { archived: { value: false, atMs: nowMs } }),
    ...(isRead && { markedUnread: { value: false, atMs: nowMs } }),
  };
}

/**
 * Moves a pinned chat.
 *
 * @param ranks of the pinned chats, in the order that the user wants
 * @param index of the chat that was moved
 * @returns the chats (by index) that get another rank, with it: one of them, or all where there is no room between
 */
export function ranksAfterMove(ranks: readonly number[], index: number): Map<number, number> {
  const [before, after] = [ranks[index - 1], ranks[index + 1]];
  const rank = before === undefined
    ? after === undefined ? ranks[index] : after - 1
    : after === undefined
    ? before + 1
    : (before + after) / 2;
  const isBetween = (before === undefined || before < rank) && (after === undefined || rank < after);
  return isBetween ? new Map([[index, rank]]) : new Map(ranks.map((_, place) => [place, place + 1]));
}
