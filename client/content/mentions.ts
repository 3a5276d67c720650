/**
 * Mentions in a text: `@username` of somebody who is in the chat. A name is matched as a whole, in any case, because
 * usernames have one case only (schema/username.ts).
 */

/** A mention in a text, by UTF-16 units, with its `@`. */
export interface Mention {
  start: number;
  end: number;
  username: string;
}

/** What may stand in a username, and what makes `a@b` an address and no mention when it stands before the `@`. */
const candidate = /(?<![\p{L}\p{N}._@/+-])@([a-z][a-z0-9._-]*)/giu;
/** Shortest and longest username. */
const [shortest, longest] = [3, 32];

/**
 * @param text at most what a message may have; the time is linear in it
 * @param isMember whether a username is one of the chat's
 * @returns the mentions in their order
 */
export function mentionsIn(text: string, isMember: (username: string) => boolean): Mention[] {
  const found: Mention[] = [];
  if (!text.includes("@")) return found;
  for (const match of text.matchAll(candidate)) {
    const username = memberAtStart(match[1].toLowerCase(), isMember);
    if (username === undefined) continue;
    found.push({ start: match.index, end: match.index + 1 + username.length, username });
  }
  return found;
}

/** @returns whether the text mentions this username */
export function mentions(text: string, username: string): boolean {
  return mentionsIn(text, (name) => name === username).length > 0;
}

/** The end of a sentence is no part of a name, unless there is such a name. */
function memberAtStart(run: string, isMember: (username: string) => boolean): string | undefined {
  let bare = run.length;
  while (bare > 0 && "._-".includes(run[bare - 1])) bare--;
  for (let length = Math.min(run.length, longest); length >= Math.max(bare, shortest); length--) {
    const name = run.slice(0, length);
    if (isMember(name)) return name;
  }
  return undefined;
}
