/** Completes `@name` in the field for writing with a name of the chat. Pure. */

/** More are found by another letter. */
const mostOffered = 6;
/** What is being written before the caret: an `@` that begins a word, and the beginning of a username. */
const begun = /(?<![\p{L}\p{N}._@/+-])@([a-z][a-z0-9._-]{0,31})?$/iu;
const longestBegun = 33;

export interface Completion {
  /** Where the `@` stands, in UTF-16 units. */
  start: number;
  usernames: string[];
}

/**
 * @param text of the field
 * @param caret its place there; nothing is selected
 * @param members usernames of the others in the chat
 * @param nameOf the name that a member has chosen: its beginning finds the member, too
 * @returns the names that begin so; undefined where none is being written, or none fits
 */
export function completionAt(
  text: string,
  caret: number,
  members: readonly string[],
  nameOf: (username: string) => string | undefined = () => undefined,
): Completion | undefined {
  const before = text.slice(Math.max(0, caret - longestBegun - 1), caret);
  const match = begun.exec(before);
  if (!match) return undefined;
  const name = (match[1] ?? "").toLowerCase();
  const usernames = members.filter((username) =>
    username.startsWith(name) || nameOf(username)?.toLowerCase().startsWith(name)
  ).slice(0, mostOffered);
  // A whole name is written already: Enter sends.
  if (usernames.length === 0 || usernames.length === 1 && usernames[0] === name) return undefined;
  return { start: caret - match[0].length, usernames };
}

/** @returns the text with the name in place of what was begun, and the caret behind it */
export function completed(
  text: string,
  caret: number,
  { start }: Completion,
  username: string,
): { text: string; caret: number } {
  const rest = text.slice(caret);
  const name = `@${username}${/^\s/.test(rest) ? "" : " "}`;
  return { text: text.slice(0, start) + name + rest, caret: start + name.length + (/^\s/.test(rest) ? 1 : 0) };
}
