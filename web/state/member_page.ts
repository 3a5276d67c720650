/**
 * The listed members of a chat: the own account and the admins first, filtered by the search text, one page
 * at a time. Pure.
 */

import type { ChatMember } from "../../client/api/engine_api.ts";

export const pageMembers = 100;
/** With this many members or more, there is a search field. */
export const manyMembers = 12;

const rank = (
  { self, keyChanged, keyReplaced, role }: ChatMember,
) => (self ? 0 : keyChanged || keyReplaced ? 1 : role === "admin" ? 2 : 3);

/**
 * @returns usernames: own account, changed keys, admins, members, each by name; only those that contain
 *   `wanted`
 */
export function listedMembers(members: readonly ChatMember[], wanted: string): string[] {
  const part = wanted.trim().toLowerCase();
  return members.filter(({ username, displayName }) =>
    username.includes(part) || displayName?.toLowerCase().includes(part)
  ).toSorted((a, b) => rank(a) - rank(b) || (a.username < b.username ? -1 : 1)).map(({ username }) => username);
}
