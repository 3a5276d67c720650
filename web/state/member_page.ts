/**
 * Which members of a chat are listed: oneself and the admins in front, those who match what was typed, one
 * page at a time. Pure.
 */

import type { ChatMember } from "../../client/api/engine_api.ts";

export const pageMembers = 100;
/** From this many on there is a field to find somebody. */
export const manyMembers = 12;

const rank = (
  { self, keyChanged, keyReplaced, role }: ChatMember,
) => (self ? 0 : keyChanged || keyReplaced ? 1 : role === "admin" ? 2 : 3);

/** @returns usernames: oneself, changed keys, admins, members, each by name; only those that contain `wanted` */
export function listedMembers(members: readonly ChatMember[], wanted: string): string[] {
  const part = wanted.trim().toLowerCase();
  return members.filter(({ username }) => username.includes(part)).toSorted((a, b) =>
    rank(a) - rank(b) || (a.username < b.username ? -1 : 1)
  ).map(({ username }) => username);
}
